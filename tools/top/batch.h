// SPDX-License-Identifier: MIT
// Plain tables, one for each snapshot.
#pragma once

#include "tools/top/options.h"

namespace pinpipe::top {

// Until the end of standard input, the count, a stop signal, or the receiver goes. bad: lines that
// were not understood.
Result<void> run_batch(const Request &request, uint64_t &bad);

} // namespace pinpipe::top
