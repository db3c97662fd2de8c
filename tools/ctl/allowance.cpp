// SPDX-License-Identifier: MIT
#include "tools/ctl/allowance.h"

namespace pinpipe::ctl {

Result<Allowance> parse_allowance(const std::string &text, const Ends &ends) {
    const uint32_t flag = text == "none" ? SUBJECT_NONE : text == "icmp" ? SUBJECT_ICMP : 0U;
    if (flag && !ends.any())
        return fail(usage_error(text + " has no side and no remote end: only ports have"));
    if (flag)
        return Allowance{{}, flag};
    auto rule = parse_port_rule(text);
    if (!rule)
        return fail(rule.error());
    rule->sides = ends.sides;
    rule->to = ends.to;
    return Allowance{*rule, 0};
}

std::string allowance_text(const Allowance &allowance) {
    return allowance.ports                  ? rule_text(*allowance.ports)
           : allowance.flag == SUBJECT_NONE ? "none"
                                            : "icmp";
}

bool has_all(const PortSet &ports, uint32_t flags, const Allowance &allowance) {
    return allowance.ports ? ports.has_all(*allowance.ports) : (flags & allowance.flag) != 0;
}

bool has_any(const PortSet &ports, uint32_t flags, const Allowance &allowance) {
    return allowance.ports ? ports.has_any(*allowance.ports) : (flags & allowance.flag) != 0;
}

bool stays(const PortSet &ports, uint32_t flags) {
    return !ports.empty() || (flags & (SUBJECT_NONE | SUBJECT_ICMP));
}

} // namespace pinpipe::ctl
