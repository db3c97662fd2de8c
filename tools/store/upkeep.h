// SPDX-License-Identifier: MIT
// The commands prune and check.
#pragma once

#include "tools/store/options.h"

namespace pinpipe::store {

// Deletes what is old and gives its space back to the file system.
Result<void> prune(const Request &request);

// Reads the whole database: fails if it is damaged or if the sums of its levels differ.
Result<void> check(const Request &request);

} // namespace pinpipe::store
