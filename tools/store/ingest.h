// SPDX-License-Identifier: MIT
// Stores standard input in the database, until it ends or a stop signal comes.
#pragma once

#include "tools/store/ageing.h"
#include "tools/store/options.h"

namespace pinpipe::store {

Result<void> ingest(const Request &request);

} // namespace pinpipe::store
