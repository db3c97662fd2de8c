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

// "8080-8090/tcp". protos: bit N for protocol N of enum rule_proto.
struct PortRule {
    PortRange range;
    unsigned protos;
};

// Parses PORT[-PORT][/tcp|/udp|/both]; without a protocol it is tcp. An error is a usage error.
Result<PortRule> parse_port_rule(const std::string &text);

std::string range_text(PortRange range); // "8080-8090", "53"
std::string rule_text(const PortRule &rule);

} // namespace pinpipe
