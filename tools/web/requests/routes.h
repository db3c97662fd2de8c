// SPDX-License-Identifier: MIT
// Which paths there are, and who answers them.
#pragma once

#include "tools/web/requests/context.h"

#include <variant>

namespace pinpipe::web {

class Exchange;

// A reply, or what to wait for: then the route is asked again.
using Answer = std::variant<Reply, std::shared_ptr<Pending>>;

enum Method : unsigned { get = 1, put = 2, post = 4 }; // bits; get is HEAD too

enum class Access {
    open, // holds nothing of this machine
    view,
    room, // sending
};

struct Route {
    const char *path; // up to where a "*" stands
    unsigned methods;
    Access access;
    Answer (*answer)(Exchange &exchange);
};

// The first of these paths that takes the method; where only others are taken, `allowed` says
// which, as a header has it.
const Route *find_route(std::string_view path, std::string_view method, std::string &allowed);

} // namespace pinpipe::web
