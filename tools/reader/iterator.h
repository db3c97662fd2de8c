// SPDX-License-Identifier: MIT
// What the kernel writes when one of its iterators is read through its pin.
#pragma once

#include "lib/pins/pins.h"

#include <vector>

namespace pinpipe::reader {

// All of it. Each opening of the pin is a walk of its own.
Result<std::vector<char>> read_iterator(const std::string &path);

// The number of this process's session, as the records of sockets have it. Where the kernel refuses
// the iterator that tells it, only a process of the initial pid namespace knows.
Result<uint32_t> own_session(const Pins &pins);

} // namespace pinpipe::reader
