// SPDX-License-Identifier: MIT
// A file with something secret in it, read whole.
#pragma once

#include "lib/base/error.h"

namespace pinpipe::web {

// others: bits of its mode that it may not have, such as 077.
Result<std::string> read_small_file(const std::string &path, size_t largest, unsigned others);

} // namespace pinpipe::web
