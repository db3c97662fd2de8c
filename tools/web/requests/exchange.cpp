// SPDX-License-Identifier: MIT
#include "tools/web/requests/exchange.h"

#include "tools/web/access/origin_check.h"
#include "tools/web/http/connection_limits.h"

#include <cstring>

namespace pinpipe::web {
namespace {

constexpr size_t longest_body = 4096; // bytes; uploads to rooms have no limit

std::string_view looked_up(MHD_Connection *connection, MHD_ValueKind kind, const char *name) {
    const char *value = MHD_lookup_connection_value(connection, kind, name);
    return value ? value : "";
}

int socket_of(MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

} // namespace

// Has the port in its name, since browsers send a cookie to all ports of a host.
std::string cookie_name(const Request &request) {
    return "ebpf-web-" + std::to_string(port_of(request.listen));
}

Exchange::Exchange(Context &of, MHD_Connection *with, std::string its_method, std::string its_path)
    : context(of), connection(with), method(std::move(its_method)), path(std::move(its_path)) {}

std::string_view Exchange::header(const char *name) const {
    return looked_up(connection, MHD_HEADER_KIND, name);
}

std::string_view Exchange::argument(const char *name) const {
    return looked_up(connection, MHD_GET_ARGUMENT_KIND, name);
}

std::string_view Exchange::tail() const {
    return std::string_view(path).substr(std::strlen(route_->path) - 1);
}

std::optional<Reply> Exchange::check_origin() const {
    const std::string_view host = header("Host");
    if (host.empty())
        return Reply::error(MHD_HTTP_BAD_REQUEST, "a request needs a Host header");
    const std::string address = address_of(local_endpoint(socket_of(connection)));
    if (!is_our_host(host, context.request.hosts, address))
        return Reply::error(
            MHD_HTTP_MISDIRECTED_REQUEST,
            "the Host header is not a name of this server; --allow-host NAME adds one");
    if (route_->access != Access::open || route_->methods != get) {
        const Provenance from = {
            .host = host, .origin = header("Origin"), .fetch_site = header("Sec-Fetch-Site")};
        if (!is_same_site(from))
            return Reply::error(MHD_HTTP_FORBIDDEN,
                                "a page of another site may not send this request");
    }
    return {};
}

std::optional<Reply> Exchange::find() {
    std::string allowed;
    route_ = find_route(path, method, allowed);
    if (route_)
        return {};
    if (allowed.empty())
        return Reply::error(MHD_HTTP_NOT_FOUND, "no such page");
    return Reply::error(MHD_HTTP_METHOD_NOT_ALLOWED, "this path takes only " + allowed)
        .with("Allow", allowed);
}

std::optional<Reply> Exchange::begin_upload() {
    const std::string_view name = tail();
    if (!is_room_name(name))
        return Reply::error(MHD_HTTP_BAD_REQUEST,
                            "a room's name is 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'");
    if (is_stream_room(name))
        return Reply::error(MHD_HTTP_CONFLICT, "this room belongs to standard input");
    std::shared_ptr<Room> room;
    {
        const std::lock_guard hold(context.hub.mutex);
        room = context.hub.rooms.open(name, Source::remote, read_clock());
    }
    if (!room)
        return Reply::error(MHD_HTTP_INSUFFICIENT_STORAGE, "there are too many rooms");
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U); // events may be rare
    upload = std::make_unique<Upload>(context.hub, std::move(room));
    return {};
}

std::string Exchange::session() const {
    return std::string(
        looked_up(connection, MHD_COOKIE_KIND, cookie_name(context.request).c_str()));
}

std::string Exchange::peer() const {
    return peer_of(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
}

const Check *Exchange::check_done() const {
    return dynamic_cast<const Check *>(pending.get());
}

std::optional<Answer> Exchange::refusal(const Admission &admission) const {
    switch (admission.kind) {
    case Admission::granted: return {};
    case Admission::waiting: return admission.check;
    case Admission::closed:
        return Reply::error(MHD_HTTP_FORBIDDEN,
                            "nobody may send: the password file has no line for it");
    case Admission::throttled:
        return Reply::error(MHD_HTTP_TOO_MANY_REQUESTS, "too many tries: wait a little")
            .with("Retry-After", std::to_string(admission.seconds));
    case Admission::refused: break;
    }
    Reply reply = Reply::error(MHD_HTTP_UNAUTHORIZED, "a password is needed");
    // Our page shows its own sign-in form, so the browser need not ask.
    if (header("Sec-Fetch-Mode").empty() && header("X-Requested-With").empty())
        reply = std::move(reply).with("WWW-Authenticate", "Basic realm=\"pinpipe\"");
    return reply;
}

std::optional<Answer> Exchange::check_password() {
    if (route_->access == Access::open)
        return {};
    const Who who = route_->access == Access::room ? Who::room : Who::view;
    auto refused = refusal(
        context.access.admit(who, header("Authorization"), session(), peer(), check_done()));
    if (!refused)
        pending.reset();
    return refused;
}

std::optional<Answer> Exchange::check() {
    if (auto refused = find())
        return refused;
    if (auto refused = check_origin())
        return refused;
    if (auto refused = check_password())
        return refused;
    if (route_->access == Access::room)
        if (auto refused = begin_upload())
            return refused;
    return {};
}

void Exchange::receive(std::string_view bytes) {
    if (upload)
        upload->feed(bytes);
    else if (body.size() + bytes.size() <= longest_body)
        body.append(bytes);
    else
        too_long_ = true;
}

MHD_Result Exchange::give(const Answer &answer) {
    if (const Reply *reply = std::get_if<Reply>(&answer))
        return reply->send(connection);
    if (context.ending)
        return Reply::error(MHD_HTTP_SERVICE_UNAVAILABLE, "ebpf-web is ending").send(connection);
    pending = std::get<std::shared_ptr<Pending>>(answer);
    context.sleeping.emplace_back(connection, pending);
    MHD_suspend_connection(connection);
    return MHD_YES;
}

MHD_Result Exchange::go(const char *data, size_t *size) {
    if (pending && !pending->done) // woken because the server ends
        return give(pending);
    if (!checked_) {
        if (const auto answer = check())
            return give(*answer);
        checked_ = true;
        return MHD_YES;
    }
    if (*size) {
        receive({data, *size});
        *size = 0;
        return MHD_YES;
    }
    if (too_long_)
        return Reply::error(MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long").send(connection);
    return give(route_->answer(*this));
}

} // namespace pinpipe::web
