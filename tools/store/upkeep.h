// SPDX-License-Identifier: MIT
// What is done to a database now and then.
#pragma once

#include "tools/store/options.h"

namespace pinpipe::store {

// Gives up what is old, and the space to the file system.
Result<void> prune(const Request &request);

// Reads everything: whether it is whole, and the sums of its levels agree.
Result<void> check(const Request &request);

} // namespace pinpipe::store
