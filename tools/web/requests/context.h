// SPDX-License-Identifier: MIT
// The parts of the server that answering a request needs.
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
    bool ending = false; // requests that would have to wait get an error
    // Suspended requests, each with what it waits for.
    std::vector<std::pair<MHD_Connection *, std::shared_ptr<Pending>>> sleeping;
};

} // namespace pinpipe::web
