// SPDX-License-Identifier: MIT
// The database as NDJSON again.
#pragma once

#include "tools/store/options.h"

namespace pinpipe::store {

Result<void> export_all(const Request &request);

} // namespace pinpipe::store
