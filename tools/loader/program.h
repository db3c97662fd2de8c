// SPDX-License-Identifier: MIT
// A loaded program, by file descriptor and id.
#pragma once

#include "lib/base/fd.h"

#include <cstdint>

namespace pinpipe::loader {

struct Program {
    Fd fd;
    uint32_t id = 0;
};

} // namespace pinpipe::loader
