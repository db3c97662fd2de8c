// SPDX-License-Identifier: MIT
#include "tools/web/requests/routes.h"

#include "tools/web/history/database.h"
#include "tools/web/http/site.h"
#include "tools/web/requests/answers.h"
#include "tools/web/requests/exchange.h"

#include <charconv>

namespace pinpipe::web {
namespace {

std::optional<uint64_t> number_in(std::string_view text) {
    uint64_t number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    return bad == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

Reply not_found(const char *what) {
    return Reply::error(MHD_HTTP_NOT_FOUND, what);
}

// Calls tell with the hub, while its mutex is held, and the present time.
template <class Tell> auto ask_hub(Exchange &exchange, Tell &&tell) {
    Hub &hub = exchange.context.hub;
    const Now now = read_clock();
    const std::lock_guard hold(hub.mutex);
    return tell(hub, now);
}

template <class Tell> Reply told(Exchange &exchange, Tell &&tell) {
    return Reply::json(ask_hub(exchange, tell));
}

Answer site(Exchange &exchange) {
    const SiteFile *file = find_site_file(exchange.path);
    if (!file)
        return not_found("no such page");
    return reply_of(*file, exchange.header("Accept-Encoding"), exchange.header("If-None-Match"));
}

Answer health(Exchange &) {
    return Reply::json("{\"status\":\"ok\"}\n");
}

Answer rooms(Exchange &exchange) {
    return told(exchange, rooms_json);
}

Answer watch_room(Exchange &exchange) {
    auto room = ask_hub(
        exchange, [&](const Hub &hub, const Now &) { return hub.rooms.find(exchange.tail()); });
    if (!room)
        return not_found("no such room");
    if (exchange.header("Accept").find("text/event-stream") == std::string_view::npos)
        return told(exchange, [&](const Hub &, const Now &now) { return room_json(*room, now); });
    Viewer::Wish wish{.last_event_id = std::string(exchange.header("Last-Event-ID"))};
    if (const std::string_view rate = exchange.argument("rate"); !rate.empty()) {
        const auto number = number_in(rate);
        if (!number || *number == 0 || *number > 1'000'000)
            return Reply::error(MHD_HTTP_BAD_REQUEST, "rate takes events a second, from 1");
        wish.rate = *number;
    }
    return exchange.context.streams.open(exchange.connection, std::move(room), wish);
}

Answer send_room(Exchange &exchange) {
    return Reply::json(exchange.upload->end());
}

Answer overview(Exchange &exchange) {
    const std::string &database = exchange.context.request.database;
    Overview about = exchange.context.about;
    about.history = !database.empty() && is_made(database);
    return told(exchange,
                [&](const Hub &hub, const Now &now) { return overview_json(hub, about, now); });
}

Answer processes(Exchange &exchange) {
    const std::string_view sort = exchange.argument("sort"), limit = exchange.argument("limit");
    const auto most = limit.empty() ? Processes::most : number_in(limit);
    if (!most || *most == 0)
        return Reply::error(MHD_HTTP_BAD_REQUEST, "limit takes a number, from 1");
    if (!sort.empty() && sort != "rate" && sort != "bytes")
        return Reply::error(MHD_HTTP_BAD_REQUEST, "sort takes rate or bytes");
    return told(exchange, [&](const Hub &hub, const Now &now) {
        return processes_json(hub, sort == "bytes", *most, now);
    });
}

Answer one_process(Exchange &exchange) {
    ProcessKey key;
    if (!parse_key(std::string(exchange.tail()), key))
        return not_found("a process is PID-START, as in /api/v1/processes");
    auto text = ask_hub(
        exchange, [&](const Hub &hub, const Now &now) { return process_json(hub, key, now); });
    if (!text)
        return not_found("this process is not known, or was forgotten");
    return Reply::json(std::move(*text));
}

Answer ports(Exchange &exchange) {
    return told(exchange, ports_json);
}

Answer policy(Exchange &exchange) {
    Context &context = exchange.context;
    if (auto wait = context.rules.refresh(context.subprocesses))
        return wait;
    return told(exchange, [&](const Hub &hub, const Now &) {
        return policy_json(hub, context.rules.text(), context.rules.why());
    });
}

Answer metrics(Exchange &exchange) {
    return Reply::text(
        MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
        ask_hub(exchange, [](const Hub &hub, const Now &) { return metrics_text(hub); }));
}

// The last route has the files of the site.
constexpr Route table[] = {
    {"/healthz", get, Access::open, health},
    {"/login", post, Access::open, log_in},
    {"/logout", post, Access::open, log_out},
    {"/rooms", get, Access::view, rooms},
    {"/rooms/*", get, Access::view, watch_room},
    {"/rooms/*", put | post, Access::room, send_room},
    {"/api/v1/overview", get, Access::view, overview},
    {"/api/v1/processes", get, Access::view, processes},
    {"/api/v1/processes/*", get, Access::view, one_process},
    {"/api/v1/policy", get, Access::view, policy},
    {"/api/v1/ports", get, Access::view, ports},
    {"/api/v1/history", get, Access::view, tell_history},
    {"/metrics", get, Access::view, metrics},
    {"/*", get, Access::open, site},
};

bool matches(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with('*'))
        return path == pattern;
    pattern.remove_suffix(1);
    return path.size() > pattern.size() && path.starts_with(pattern);
}

unsigned bit_of(std::string_view method) {
    if (method == "GET" || method == "HEAD")
        return get;
    return method == "PUT" ? unsigned{put} : method == "POST" ? unsigned{post} : 0;
}

} // namespace

const Route *find_route(std::string_view path, std::string_view method, std::string &allowed) {
    unsigned methods = 0;
    for (const Route &route : table) {
        const bool rest = &route == std::end(table) - 1;
        if (!matches(route.path, path) && !(rest && path == "/"))
            continue;
        if (rest && methods)
            break; // another route has this path, for other methods
        if (route.methods & bit_of(method))
            return &route;
        methods |= route.methods;
    }
    for (const auto &[bit, names] : {std::pair(get, "GET, HEAD"), {put, "PUT"}, {post, "POST"}})
        if (methods & bit)
            allowed += (allowed.empty() ? "" : ", ") + std::string(names);
    return nullptr;
}

} // namespace pinpipe::web
