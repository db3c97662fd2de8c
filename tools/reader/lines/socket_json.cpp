#include "tools/reader/lines/socket_json.h"

#include "lib/base/address.h"
#include "lib/base/base64.h"
#include "lib/event/stream_names.h"
#include "tools/reader/lines/community_id.h"
#include "tools/reader/lines/usage_json.h"

#include <algorithm>
#include <cstring>

namespace pinpipe {
namespace {

bool is_zero(const union address &a) {
    return (a.halves[0] | a.halves[1]) == 0;
}

// Name of a process: as it is where that is plain text, which is nearly always.
template <size_t N> char *put_name(char *to, const char (&name)[N]) {
    const size_t length = strnlen(name, N);
    const bool plain = std::all_of(
        name, name + length, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (!plain)
        return put(to, json_string({name, length}));
    *to++ = '"';
    to = put(to, std::string_view(name, length));
    *to++ = '"';
    return to;
}

char *put_start(char *to, const socket_record &r, const SocketContext &context) {
    to = put(to, R"({"v":1,"event_type":")");
    to = put(to, std::string_view(stream_names[r.stream & (STREAMS - 1)]));
    *to++ = '"';
    to = put_time(to, context.line.microseconds);
    to = put(to, R"(,"seq":)");
    to = put_number64(to, context.line.seq);
    return put(to, context.line.host_run);
}

// any: an address that is all zero means every one of this machine's, and is told.
char *put_local(char *to, const socket_record &r, bool any) {
    if (!is_zero(r.local) || any) {
        to = put(to, R"(,"local_ip":")");
        if (is_zero(r.local))
            to = r.flags & SOCKET_IPV6 ? put(to, "::") : put(to, "0.0.0.0");
        else
            to = write_address(to, r.local);
        *to++ = '"';
    }
    if (r.local_port) {
        to = put(to, R"(,"local_port":)");
        to = put_number(to, r.local_port);
    }
    return to;
}

char *put_remote(char *to, const socket_record &r) {
    if (is_zero(r.remote))
        return to;
    to = put(to, R"(,"remote_ip":")");
    to = write_address(to, r.remote);
    *to++ = '"';
    if (r.remote_port) {
        to = put(to, R"(,"remote_port":)");
        to = put_number(to, r.remote_port);
    }
    return to;
}

char *put_proto(char *to, const socket_record &r) {
    to = put(to, R"(,"proto":")");
    to = put(to, usage_proto(r.proto));
    *to++ = '"';
    return to;
}

char *put_direction(char *to, const socket_record &r) {
    return r.flags & SOCKET_OUT ? put(to, R"(,"direction":"out")")
                                : put(to, R"(,"direction":"in")");
}

char *put_process(char *to, const socket_record &r, const SocketContext &context) {
    if (!r.pid)
        return put(to, R"(,"attribution":"none")");
    to = put(to, R"(,"pid":)");
    to = put_number(to, r.pid);
    if (r.tid) {
        to = put(to, R"(,"tid":)");
        to = put_number(to, r.tid);
    }
    to = put(to, R"(,"ppid":)");
    to = put_number(to, r.ppid);
    to = put(to, R"(,"uid":)");
    to = put_number(to, r.uid);
    to = put(to, R"(,"comm":)");
    to = put_name(to, r.comm);
    if (r.thread[0] && std::strncmp(r.thread, r.comm, sizeof r.comm) != 0) {
        to = put(to, R"(,"thread":)");
        to = put_name(to, r.thread);
    }
    to = put(to, context.exe_run);
    to = put(to, R"(,"cgroup_id":")");
    to = put_number64(to, r.cgroup);
    to = put(to, R"(","start_time":)");
    to = put_number64(to, (r.start + static_cast<uint64_t>(context.boot)) / 1'000'000);
    if (r.flags & SOCKET_FOUND)
        return put(to, R"(,"attribution":"bootstrap")");
    return r.flags & SOCKET_LISTENER ? put(to, R"(,"attribution":"listener")")
                                     : put(to, R"(,"attribution":"exact")");
}

char *put_id(char *to, const socket_record &r, const SocketContext &context) {
    const bool known = !is_zero(r.local) && !is_zero(r.remote) && r.local_port && r.remote_port;
    return context.line.community_id && known ? put_community_id(to, r) : to;
}

constexpr char digits[] = "0123456789abcdef";

char *put_hex(char *to, std::span<const char> bytes) {
    for (const char c : bytes) {
        *to++ = digits[static_cast<unsigned char>(c) >> 4];
        *to++ = digits[c & 15];
    }
    return to;
}

// As it is where it is printable ASCII, else \xHH; a backslash too, so that it can be undone.
char *put_printable(char *to, std::span<const char> bytes) {
    for (const char c : bytes) {
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
            *to++ = c;
        } else if (c == '"') {
            to = put(to, "\\\"");
        } else {
            to = put(to, "\\\\x");
            *to++ = digits[static_cast<unsigned char>(c) >> 4];
            *to++ = digits[c & 15];
        }
    }
    return to;
}

char *put_payload(char *to, const message_record &r, std::span<const char> payload, bool hex) {
    to = put(to, R"(,"payload_len":)");
    to = put_number(to, static_cast<unsigned>(payload.size()));
    to = payload.size() < r.bytes ? put(to, R"(,"payload_truncated":true)")
                                  : put(to, R"(,"payload_truncated":false)");
    if (hex) {
        to = put(to, R"(,"payload_hex":")");
        to = put_hex(to, payload);
    } else {
        to = put(to, R"(,"payload":")");
        to =
            put_base64(to, reinterpret_cast<const unsigned char *>(payload.data()), payload.size());
    }
    to = put(to, R"(","payload_printable":")");
    to = put_printable(to, payload);
    *to++ = '"';
    return to;
}

const char *action_name(uint8_t action) {
    switch (action) {
    case CONN_CONNECT: return "connect";
    case CONN_ACCEPT: return "accept";
    default: return "close";
    }
}

const char *reason_name(uint8_t reason) {
    switch (reason) {
    case CONN_CLOSED: return "closed";
    case CONN_RESET: return "reset";
    case CONN_ABORTED: return "aborted";
    case CONN_TIMEOUT: return "timeout";
    case CONN_ERROR: return "error";
    case CONN_REFUSED: return "refused";
    default: return nullptr;
    }
}

char *put_error(char *to, uint32_t error) {
    to = put(to, R"(,"errno":)");
    to = put_number(to, error);
    if (const char *const name = strerrorname_np(static_cast<int>(error))) {
        to = put(to, R"(,"error":")");
        to = put(to, std::string_view(name));
        *to++ = '"';
    }
    return to;
}

char *put_outcome(char *to, const conn_record &r) {
    to = put(to, R"(,"action":")");
    to = put(to, std::string_view(action_name(r.action)));
    *to++ = '"';
    if (const char *const reason = reason_name(r.reason)) {
        to = put(to, R"(,"reason":")");
        to = put(to, std::string_view(reason));
        *to++ = '"';
    }
    if (r.reason == CONN_CLOSED)
        to = r.state & CONN_PEER_FIRST ? put(to, R"(,"closed_by":"remote")")
                                       : put(to, R"(,"closed_by":"local")");
    return r.error ? put_error(to, r.error) : to;
}

char *put_connection(char *to, const conn_record &r) {
    if (r.state & CONN_TIMED) {
        to = put(to, R"(,"duration_ms":)");
        to = put_number64(to, r.duration / 1'000'000);
        to = put(to, R"(,"duration_us":)");
        to = put_number64(to, r.duration / 1000);
    }
    if (r.action == CONN_CLOSE) {
        to = put(to, R"(,"bytes_sent":)");
        to = put_number64(to, r.bytes_sent);
        to = put(to, R"(,"bytes_received":)");
        to = put_number64(to, r.bytes_received);
    }
    if (r.action != CONN_ACCEPT) {
        to = put(to, R"(,"retransmits":)");
        to = put_number(to, r.retransmits);
    }
    if (r.srtt) {
        to = put(to, R"(,"srtt_us":)");
        to = put_number(to, r.srtt);
    }
    return to;
}

const char *action_name(uint32_t action) {
    switch (action) {
    case BIND_LISTEN: return "listen";
    case BIND_CLOSE: return "close";
    default: return "bind";
    }
}

const char *hook_name(uint8_t hook) {
    switch (hook) {
    case DENY_CONNECT: return "connect";
    case DENY_SENDMSG: return "sendmsg";
    case DENY_BIND: return "bind";
    case DENY_CREATE: return "create";
    case DENY_EGRESS: return "egress";
    case DENY_INGRESS: return "ingress";
    default: return "unknown";
    }
}

} // namespace

void write_message(JsonLines &out, const message_record &r, std::span<const char> payload,
                   const SocketContext &context) {
    char *to = out.room(line_max + context.exe_run.size() + payload_line_factor * payload.size());
    to = put_start(to, r.socket, context);
    to = put_direction(to, r.socket);
    to = put_proto(to, r.socket);
    to = put_local(to, r.socket, false);
    to = put_remote(to, r.socket);
    to = put(to, R"(,"bytes":)");
    to = put_number(to, r.bytes);
    to = put_process(to, r.socket, context);
    to = put_id(to, r.socket, context);
    if (!payload.empty())
        to = put_payload(to, r, payload, context.hex);
    to = put(to, "}\n");
    out.commit(to);
}

void write_conn(JsonLines &out, const conn_record &r, const SocketContext &context) {
    char *to = out.room(line_max + context.exe_run.size());
    to = put_start(to, r.socket, context);
    to = put_outcome(to, r);
    to = put_direction(to, r.socket);
    to = put_proto(to, r.socket);
    to = put_local(to, r.socket, false);
    to = put_remote(to, r.socket);
    to = put_connection(to, r);
    to = put_process(to, r.socket, context);
    to = put_id(to, r.socket, context);
    to = put(to, "}\n");
    out.commit(to);
}

void write_bind(JsonLines &out, const bind_record &r, const SocketContext &context) {
    char *to = out.room(line_max + context.exe_run.size());
    to = put_start(to, r.socket, context);
    to = put(to, R"(,"action":")");
    to = put(to, std::string_view(action_name(r.action)));
    *to++ = '"';
    to = put_proto(to, r.socket);
    to = put_local(to, r.socket, true);
    to = put_process(to, r.socket, context);
    to = put(to, "}\n");
    out.commit(to);
}

void write_deny(JsonLines &out, const deny_record &r, std::string_view rule,
                const SocketContext &context) {
    const std::string text = json_string(rule);
    char *to = out.room(line_max + context.exe_run.size() + text.size());
    to = put_start(to, r.socket, context);
    to = r.state & DENY_AUDIT ? put(to, R"(,"action":"audit")") : put(to, R"(,"action":"deny")");
    if (!rule.empty()) {
        to = put(to, R"(,"rule":)");
        to = put(to, text);
    }
    to = put(to, R"(,"reason":")");
    to = put(to, std::string_view(hook_name(r.hook)));
    *to++ = '"';
    to = put_direction(to, r.socket);
    to = put_proto(to, r.socket);
    to = put_local(to, r.socket, r.hook == DENY_BIND);
    to = put_remote(to, r.socket);
    if (r.port) {
        to = put(to, R"(,"port":)");
        to = put_number(to, r.port);
    }
    if (r.suppressed) {
        to = put(to, R"(,"suppressed":)");
        to = put_number(to, r.suppressed);
    }
    to = put_process(to, r.socket, context);
    to = put_id(to, r.socket, context);
    to = put(to, "}\n");
    out.commit(to);
}

} // namespace pinpipe
