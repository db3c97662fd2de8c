// SPDX-License-Identifier: MIT
// Prints the database as NDJSON.
#pragma once

#include "tools/store/options.h"

namespace pinpipe::store {

Result<void> export_all(const Request &request);

} // namespace pinpipe::store
