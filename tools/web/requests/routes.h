// SPDX-License-Identifier: MIT
// The routes: which function answers which path and method.
#pragma once

#include "tools/web/requests/context.h"

#include <variant>

namespace pinpipe::web {

class Exchange;

// A reply; or what to wait for, after which the route is called again.
using Answer = std::variant<Reply, std::shared_ptr<Pending>>;

enum Method : unsigned { get = 1, put = 2, post = 4 }; // bits; get also stands for HEAD

enum class Access {
    open, // for everybody: shows nothing about this machine
    view, // needs the password "view"
    room, // needs the password "room": sending events
};

struct Route {
    const char *path; // a "*" at the end: any text that is not empty
    unsigned methods;
    Access access;
    Answer (*answer)(Exchange &exchange);
};

// The first route with this path that takes the method, or nullptr. If the path has routes for
// other methods only, `allowed` lists these, as for a header Allow.
const Route *find_route(std::string_view path, std::string_view method, std::string &allowed);

} // namespace pinpipe::web
