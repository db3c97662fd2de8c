// SPDX-License-Identifier: MIT
// What the kernel's iterators do when they are read.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

namespace pinpipe {

// Reads an open one to its end, for what it does. doing: for the error.
Result<void> read_to_end(const Fd &list, const std::string &doing);

} // namespace pinpipe
