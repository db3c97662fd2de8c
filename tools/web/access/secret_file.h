// SPDX-License-Identifier: MIT
// Reads a small file with a secret in it.
#pragma once

#include "lib/base/error.h"

namespace pinpipe::web {

// An error if the file is larger than largest bytes, or if its mode has any of the bits in others,
// such as 077.
Result<std::string> read_small_file(const std::string &path, size_t largest, unsigned others);

} // namespace pinpipe::web
