// SPDX-License-Identifier: MIT
// Plain tables, one for each snapshot.
#pragma once

#include "tools/top/options.h"

namespace pinpipe::top {

// Runs until standard input ends, the snapshots of --count were printed, a stop signal comes, or
// standard output is closed. bad: the number of lines that could not be parsed.
Result<void> run_batch(const Request &request, uint64_t &bad);

} // namespace pinpipe::top
