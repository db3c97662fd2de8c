// SPDX-License-Identifier: MIT
// The live table on a terminal, with ncurses. Keys come from /dev/tty: standard input is the pipe.
#pragma once

#include "tools/top/options.h"

namespace pinpipe::top {

// Runs until q, the snapshots of --count, or a stop signal. When standard input ends, the table
// stays on the screen. Restores the terminal. bad: the number of lines that could not be parsed.
Result<void> run_screen(const Request &request, uint64_t &bad);

} // namespace pinpipe::top
