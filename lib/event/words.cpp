// SPDX-License-Identifier: MIT
// Words for the numbers in records.
#include "lib/event/bind_fields.h"
#include "lib/event/conn_fields.h"
#include "lib/event/deny_fields.h"

namespace pinpipe {

Word protocol_word(uint8_t proto) {
    switch (proto) {
    case 1: return "icmp";
    case 6: return "tcp";
    case 17: return "udp";
    case 33: return "dccp";
    case 58: return "icmpv6";
    case 132: return "sctp";
    case 136: return "udplite";
    case USAGE_RAW: return "raw";
    case USAGE_PACKET: return "packet";
    case USAGE_MPTCP: return "mptcp";
    default: break;
    }
    Word number;
    number.length = static_cast<uint8_t>(put_number(number.text, proto) - number.text);
    return number;
}

Word conn_action(uint8_t action) {
    switch (action) {
    case CONN_CONNECT: return "connect";
    case CONN_ACCEPT: return "accept";
    default: return "close";
    }
}

std::optional<Word> conn_reason(uint8_t reason) {
    switch (reason) {
    case CONN_CLOSED: return "closed";
    case CONN_RESET: return "reset";
    case CONN_ABORTED: return "aborted";
    case CONN_TIMEOUT: return "timeout";
    case CONN_ERROR: return "error";
    case CONN_REFUSED: return "refused";
    case CONN_UNANSWERED: return "unanswered";
    default: return {};
    }
}

std::optional<std::string_view> error_name(uint32_t error) {
    const char *const name = strerrorname_np(static_cast<int>(error));
    return name ? std::optional<std::string_view>(name) : std::nullopt;
}

Word bind_action(uint32_t action) {
    switch (action) {
    case BIND_LISTEN: return "listen";
    case BIND_CLOSE: return "close";
    default: return "bind";
    }
}

Word deny_hook_word(uint8_t hook) {
    switch (hook) {
    case DENY_CONNECT: return "connect";
    case DENY_SENDMSG: return "sendmsg";
    case DENY_BIND: return "bind";
    case DENY_CREATE: return "create";
    case DENY_EGRESS: return "egress";
    case DENY_INGRESS: return "ingress";
    case DENY_LABEL: return "label";
    default: return "unknown";
    }
}

} // namespace pinpipe
