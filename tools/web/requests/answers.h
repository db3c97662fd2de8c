// SPDX-License-Identifier: MIT
// Answers of routes that have separate files.
#pragma once

#include "tools/web/requests/routes.h"

namespace pinpipe::web {

Answer log_in(Exchange &exchange);
Answer log_out(Exchange &exchange);
Answer tell_history(Exchange &exchange);

} // namespace pinpipe::web
