// SPDX-License-Identifier: MIT
// What requests are answered from.
#pragma once

#include "tools/web/access/access.h"
#include "tools/web/api/api.h"
#include "tools/web/http/streams.h"
#include "tools/web/model/rules.h"
#include "tools/web/options.h"

namespace pinpipe::web {

struct Context {
    const Request &request;
    Hub &hub;
    Streams &streams;
    AccessControl &access;
    Subprocesses &subprocesses;
    Rules &rules;
    Overview about;
    bool ending = false; // whoever would sleep is sent away
    // Requests that sleep, each with what for.
    std::vector<std::pair<MHD_Connection *, std::shared_ptr<Pending>>> sleeping;
};

} // namespace pinpipe::web
