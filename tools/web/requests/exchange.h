// SPDX-License-Identifier: MIT
// One request, from its headers to the reply.
#pragma once

#include "tools/web/history/history.h"
#include "tools/web/http/upload.h"
#include "tools/web/requests/context.h"
#include "tools/web/requests/routes.h"

namespace pinpipe::web {

// Of the cookie that holds a session's token.
std::string cookie_name(const Request &request);

class Exchange {
public:
    Exchange(Context &context, MHD_Connection *connection, std::string method, std::string path);

    // What MHD's access handler is called with, as often as it is.
    MHD_Result go(const char *data, size_t *size);

    // The rest of it may take any time: it comes as it happens, or it is ours.
    bool may_take_long() const { return upload || method == "GET" || method == "HEAD"; }

    Context &context;
    MHD_Connection *const connection;
    const std::string method, path;
    std::string body;                 // of what is no room
    std::shared_ptr<Pending> pending; // what it waited for the last time it was called
    std::unique_ptr<Upload> upload;
    std::unique_ptr<History> history;

    // Of the request; empty: it is not there.
    std::string_view header(const char *name) const;
    std::string_view argument(const char *name) const;
    std::string session() const; // the token in the cookie
    std::string peer() const;
    // What somebody is told whom the gate does not let in; nothing: he is let in.
    std::optional<Answer> refusal(const Admission &admission) const;
    const Check *check_done() const; // what it waited for, where that was a password
    // What stands for the "*" of the route's path.
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
