// SPDX-License-Identifier: MIT
// One request, from its headers to its reply.
#pragma once

#include "tools/web/history/history.h"
#include "tools/web/http/upload.h"
#include "tools/web/requests/context.h"
#include "tools/web/requests/routes.h"

namespace pinpipe::web {

// The name of the cookie with the session's token.
std::string cookie_name(const Request &request);

class Exchange {
public:
    Exchange(Context &context, MHD_Connection *connection, std::string method, std::string path);

    // To be called each time that MHD (libmicrohttpd) calls the access handler for this request.
    // data, size: see there.
    MHD_Result go(const char *data, size_t *size);

    // Whether there is no limit of time: an upload's lines come as things happen, and a GET has no
    // body to wait for.
    bool may_take_long() const { return upload || method == "GET" || method == "HEAD"; }

    Context &context;
    MHD_Connection *const connection;
    const std::string method, path;
    std::string body;                 // not of uploads
    std::shared_ptr<Pending> pending; // what the request waited for last
    std::unique_ptr<Upload> upload;
    std::unique_ptr<History> history;

    // A header, or an argument in the URL; empty if absent.
    std::string_view header(const char *name) const;
    std::string_view argument(const char *name) const;
    std::string session() const; // the token in the cookie
    std::string peer() const;
    // The answer to a request that is not admitted; nothing if it is.
    std::optional<Answer> refusal(const Admission &admission) const;
    const Check *check_done() const; // pending, if it is the check of a password; else nullptr
    // The part of the path that matched the "*" of the route.
    std::string_view tail() const;

private:
    std::optional<Answer> check();
    std::optional<Answer> check_password();
    std::optional<Reply> check_origin() const;
    std::optional<Reply> find();
    std::optional<Reply> begin_upload();
    MHD_Result give(const Answer &answer);
    void receive(std::string_view bytes);

    const Route *route_ = nullptr;
    bool checked_ = false, too_long_ = false;
};

} // namespace pinpipe::web
