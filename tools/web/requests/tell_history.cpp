// SPDX-License-Identifier: MIT
#include "tools/web/history/database.h"
#include "tools/web/requests/answers.h"
#include "tools/web/requests/exchange.h"

namespace pinpipe::web {
namespace {

// A wrong query is the client's error; all others are the server's.
Reply failed(const Error &error) {
    if (error.exit == Exit::usage)
        return Reply::error(MHD_HTTP_BAD_REQUEST, error.text);
    if (error.code == EAGAIN)
        return Reply::error(MHD_HTTP_SERVICE_UNAVAILABLE, error.text).with("Retry-After", "1");
    return Reply::error(MHD_HTTP_INTERNAL_SERVER_ERROR, error.text);
}

Error later(std::string text) {
    return {.text = std::move(text), .hint = {}, .code = EAGAIN};
}

Reply to_keep(Reply reply, const char *name) {
    return std::move(reply).with("Content-Disposition",
                                 std::string("attachment; filename=\"") + name + "\"");
}

Reply csv_reply(Subprocess &child) {
    const size_t size = child.output_size();
    return to_keep(Reply::file("text/csv; charset=utf-8", child.take_output().release(), size),
                   "history.csv");
}

} // namespace

Answer tell_history(Exchange &exchange) {
    Context &context = exchange.context;
    if (context.request.database.empty())
        return Reply::error(MHD_HTTP_NOT_FOUND, "no database: ebpf-web --db DB");
    if (!exchange.history && !is_made(context.request.database))
        return failed(later(not_made(context.request.database)));
    if (!exchange.history) {
        auto query =
            parse_history([&](const char *name) { return std::string(exchange.argument(name)); });
        if (!query)
            return failed(query.error());
        exchange.history = std::make_unique<History>(context.request.database, std::move(*query));
    }
    auto wait = exchange.history->go_on(context.subprocesses);
    if (!wait)
        return failed(wait.error());
    if (*wait)
        return std::move(*wait);
    if (exchange.history->csv())
        return csv_reply(exchange.history->rows());
    Reply reply = Reply::json(exchange.history->json());
    return exchange.argument("download").empty() ? std::move(reply)
                                                 : to_keep(std::move(reply), "history.json");
}

} // namespace pinpipe::web
