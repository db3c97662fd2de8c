// SPDX-License-Identifier: MIT
// ebpf-store report: who sent and received how much in a range of time.
#pragma once

#include "tools/store/options.h"

namespace pinpipe::store {

// Prints the report that was asked for on standard output; a closed one is no error.
Result<void> report_usage(const Request &request);

} // namespace pinpipe::store
