// SPDX-License-Identifier: MIT
// The live table on a terminal, with ncurses. Keys come from /dev/tty: standard input is the pipe.
#pragma once

#include "tools/top/options.h"

namespace pinpipe::top {

// Until q, the count, or a stop signal; the end of standard input leaves the table standing. The
// terminal is as it was when this returns. bad: lines that were not understood.
Result<void> run_screen(const Request &request, uint64_t &bad);

} // namespace pinpipe::top
