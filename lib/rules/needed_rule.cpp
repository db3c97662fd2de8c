// SPDX-License-Identifier: MIT
#include "lib/rules/needed_rule.h"

#include "lib/base/address.h"
#include "lib/rules/remote_list.h"

#include <cstring>

namespace pinpipe {
namespace {

uint64_t judged_port(const EventEnds &ends) {
    if (ends.port)
        return ends.port;
    return ends.direction == "in" ? ends.local_port : ends.remote_port;
}

// A process serves a port of its own, and connects to a port of the remote end, whichever way the
// packet went; the direction tells only where both ends have the port, or neither.
unsigned judged_sides(const EventEnds &ends, uint64_t port) {
    const bool local = port == ends.local_port;
    const bool remote = port == ends.remote_port;
    if (local == remote && ends.direction.empty())
        return both_sides;
    const bool served = local != remote ? local : ends.direction == "in";
    return 1U << (served ? SIDE_SERVE : SIDE_CONNECT);
}

// The word of remote ends; "" for text that is no address, and for :: and 0.0.0.0.
std::string_view remote_word(std::string_view text) {
    const auto address = parse_prefix(std::string(text));
    constexpr union address none {};
    if (!address || text == "0.0.0.0" || std::memcmp(&address->host, &none, sizeof none) == 0)
        return "";
    return word_of(address->host);
}

} // namespace

std::optional<rule_proto> rule_proto_of(std::string_view proto) {
    if (proto == "tcp" || proto == "mptcp")
        return RULE_TCP;
    if (proto == "udp" || proto == "udplite")
        return RULE_UDP;
    if (proto == "icmp" || proto == "icmpv6")
        return RULE_ICMP;
    return {};
}

NeededRule needed_rule(const EventEnds &ends) {
    const uint64_t port = judged_port(ends);
    NeededRule rule{.proto = rule_proto_of(ends.proto)};
    if (port == 0 || port > 65535 || rule.proto == RULE_ICMP)
        return rule;
    rule.port = static_cast<uint16_t>(port);
    rule.sides = judged_sides(ends, port);
    if (rule.proto)
        rule.to = remote_word(ends.remote_ip);
    return rule;
}

} // namespace pinpipe
