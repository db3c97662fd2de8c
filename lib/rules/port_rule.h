// SPDX-License-Identifier: MIT
// Ports as an administrator writes them.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/error.h"

#include <cstdint>
#include <string>

namespace pinpipe {

struct PortRange {
    uint16_t first, last; // both included; never 0
};

inline constexpr unsigned rule_protos = 2; // enum rule_proto
inline constexpr const char *proto_names[rule_protos] = {"tcp", "udp"};

inline constexpr unsigned rule_sides = 2; // enum rule_side
inline constexpr unsigned both_sides = (1U << rule_sides) - 1;

// "8080-8090/tcp". protos: bit N for protocol N of enum rule_proto. sides: bit N for side N of enum
// rule_side.
struct PortRule {
    PortRange range;
    unsigned protos;
    unsigned sides = both_sides;
    std::string to = {}; // the remote ends, as a list of remote_list.h; empty: all
};

// Parses PORT[-PORT][/tcp|/udp|/both]; without a protocol it is tcp. An error is a usage error.
Result<PortRule> parse_port_rule(const std::string &text);

std::string range_text(PortRange range);      // "8080-8090", "53"
std::string ports_text(const PortRule &rule); // "8080-8090/tcp" alone
std::string rule_text(const PortRule &rule);  // "8080-8090/tcp", "443/tcp connect to lan"

const char *side_word(unsigned sides); // "connect", "serve", "both"

} // namespace pinpipe
