// SPDX-License-Identifier: MIT
#include "lib/rules/port_rule.h"

#include "lib/base/options.h"

namespace pinpipe {
namespace {

Error wrong_range(const std::string &text) {
    return usage_error("'" + text + "' is no port: PORT[-PORT][/tcp|/udp|/both]");
}

Result<uint16_t> parse_port(const std::string &text) {
    const auto port = parse_number("a port", text, 1, 65535);
    if (!port)
        return fail(port.error());
    return static_cast<uint16_t>(*port);
}

} // namespace

Result<PortRule> parse_port_rule(const std::string &text) {
    const size_t slash = text.find('/');
    const std::string ports = text.substr(0, slash);
    const std::string proto = slash == text.npos ? "tcp" : text.substr(slash + 1);
    PortRule rule{};
    rule.protos = proto == "tcp"    ? 1U << RULE_TCP
                  : proto == "udp"  ? 1U << RULE_UDP
                  : proto == "both" ? 1U << RULE_TCP | 1U << RULE_UDP
                                    : 0;
    if (!rule.protos)
        return fail(usage_error("no protocol '" + proto + "': there are tcp, udp and both"));
    if (ports.empty() || ports.find_first_not_of("0123456789-") != ports.npos)
        return fail(wrong_range(text));
    const size_t dash = ports.find('-');
    const auto first = parse_port(ports.substr(0, dash));
    if (!first)
        return fail(first.error());
    const auto last = dash == ports.npos ? first : parse_port(ports.substr(dash + 1));
    if (!last)
        return fail(last.error());
    if (*last < *first)
        return fail(usage_error("'" + text + "': the range ends before it begins"));
    rule.range = {*first, *last};
    return rule;
}

std::string range_text(PortRange range) {
    return std::to_string(range.first) +
           (range.first == range.last ? "" : "-" + std::to_string(range.last));
}

const char *side_word(unsigned sides) {
    return sides == both_sides ? "both" : sides >> SIDE_CONNECT & 1 ? "connect" : "serve";
}

std::string rule_text(const PortRule &rule) {
    return ports_text(rule) +
           (rule.sides == both_sides ? "" : std::string(" ") + side_word(rule.sides)) +
           (rule.to.empty() ? "" : " to " + rule.to);
}

std::string ports_text(const PortRule &rule) {
    const unsigned both = (1U << rule_protos) - 1;
    return range_text(rule.range) + "/" +
           (rule.protos == both ? "both" : proto_names[rule.protos >> RULE_UDP & 1]);
}

} // namespace pinpipe
