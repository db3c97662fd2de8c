// SPDX-License-Identifier: MIT
// Routes that are answered in files of their own.
#pragma once

#include "tools/web/requests/routes.h"

namespace pinpipe::web {

Answer log_in(Exchange &exchange);
Answer log_out(Exchange &exchange);
Answer tell_history(Exchange &exchange);

} // namespace pinpipe::web
