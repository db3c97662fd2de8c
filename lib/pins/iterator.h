// SPDX-License-Identifier: MIT
// Runs iterators of the kernel, which work while they are read.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

namespace pinpipe {

// Reads an open iterator to its end and ignores the output. doing: for the error.
Result<void> read_to_end(const Fd &list, const std::string &doing);

} // namespace pinpipe
