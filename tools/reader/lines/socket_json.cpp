// SPDX-License-Identifier: MIT
#include "tools/reader/lines/socket_json.h"

#include "lib/event/bind_fields.h"
#include "lib/event/conn_fields.h"
#include "lib/event/deny_fields.h"
#include "lib/event/message_fields.h"
#include "lib/event/put_fields.h"
#include "tools/reader/lines/community_id.h"

namespace pinpipe {
namespace {

template <class RECORD> struct SocketEvent {
    const RECORD &record;
    const socket_record &socket;
    const struct process &process;
    const LineContext &line;
    EventTime time;
    std::string_view exe_run;
    uint64_t start_time; // milliseconds

    SocketEvent(const RECORD &r, const SocketContext &context)
        : record(r),
          socket(r.socket),
          process(r.socket.process),
          line(context.line),
          time(context.line.microseconds),
          exe_run(context.exe_run),
          start_time((r.socket.process.start + static_cast<uint64_t>(context.boot)) / 1'000'000) {}

    auto community_id() const {
        const TextBy id = {[&r = socket](char *to) { return put_community_id(to, r); }};
        const bool known = !is_zero(socket.local) && !is_zero(socket.remote) && socket.local_port &&
                           socket.remote_port;
        return line.community_id && known ? std::optional(id) : std::nullopt;
    }
};

struct MessageEvent : SocketEvent<message_record> {
    std::span<const char> payload;
    bool hex;
};

struct DenyEvent : SocketEvent<deny_record> {
    std::string_view rule; // as JSON
};

} // namespace

void write_message(JsonLines &out, const message_record &r, std::span<const char> payload,
                   const SocketContext &context) {
    const MessageEvent event = {{r, context}, payload, context.hex};
    char *const to =
        out.room(line_max + context.exe_run.size() + payload_line_factor * payload.size());
    out.commit(r.socket.stream == STREAM_TCP ? put_line(to, tcp_table, event)
                                             : put_line(to, udp_table, event));
}

void write_conn(JsonLines &out, const conn_record &r, const SocketContext &context) {
    out.commit(
        put_line(out.room(line_max + context.exe_run.size()), conn_table, SocketEvent(r, context)));
}

void write_bind(JsonLines &out, const bind_record &r, const SocketContext &context) {
    out.commit(
        put_line(out.room(line_max + context.exe_run.size()), bind_table, SocketEvent(r, context)));
}

void write_deny(JsonLines &out, const deny_record &r, std::string_view rule,
                const SocketContext &context) {
    const std::string json = rule.empty() ? "" : json_string(rule);
    const DenyEvent event = {{r, context}, json};
    out.commit(
        put_line(out.room(line_max + context.exe_run.size() + json.size()), deny_table, event));
}

} // namespace pinpipe
