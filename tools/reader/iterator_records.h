// SPDX-License-Identifier: MIT
// What the kernel writes when one of its iterators is read through its pin.
#pragma once

#include "lib/pins/pins.h"

#include <vector>

namespace pinpipe::reader {

// All of it. Each opening of the pin is a walk of its own.
Result<std::vector<char>> read_iterator(const std::string &path);

} // namespace pinpipe::reader
