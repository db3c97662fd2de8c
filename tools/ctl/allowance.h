// SPDX-License-Identifier: MIT
// What allow and revoke are about: ports, or one of the words none and icmp in their place.
#pragma once

#include "lib/rules/port_rule.h"
#include "tools/ctl/port_set.h"

#include <optional>

namespace pinpipe::ctl {

struct Allowance {
    std::optional<PortRule> ports;
    uint32_t flag = 0; // without ports: SUBJECT_NONE or SUBJECT_ICMP
};

// What the words behind PROCESS say of ports.
struct Ends {
    unsigned sides = both_sides;
    std::string to; // as in PortRule

    bool any() const { return sides == both_sides && to.empty(); }
};

inline constexpr const char *allowance_words = "PORT[-PORT][/tcp|/udp|/both], none or icmp";

// ends: those of the ports; none and icmp have none. An error is a usage error.
Result<Allowance> parse_allowance(const std::string &text, const Ends &ends = {});

std::string allowance_text(const Allowance &allowance); // "443/tcp connect", "icmp"

// Whether a subject with these ports and flags (SUBJECT_*) has all of it, or a part of it.
bool has_all(const PortSet &ports, uint32_t flags, const Allowance &allowance);
bool has_any(const PortSet &ports, uint32_t flags, const Allowance &allowance);

// Whether a subject with these ports and flags may be there outside of audit.
bool stays(const PortSet &ports, uint32_t flags);

} // namespace pinpipe::ctl
