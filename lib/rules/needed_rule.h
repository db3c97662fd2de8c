// SPDX-License-Identifier: MIT
// The narrowest rule that allows what an event of deny or conn tells of: what ebpf-ctl suggest and
// the pages of ebpf-web propose.
#pragma once

#include "lib/rules/port_rule.h"

#include <optional>
#include <string_view>

namespace pinpipe {

// What the event says, in the fields of these names; 0 or empty: it does not have the field.
struct EventEnds {
    uint64_t port = 0; // only deny: the one that was judged
    uint64_t local_port = 0, remote_port = 0;
    std::string_view direction = {}, proto = {}, remote_ip = {};
};

struct NeededRule {
    std::optional<rule_proto> proto; // nothing: no rule can allow it
    uint16_t port = 0;               // 0: it is not known, or there is none
    unsigned sides = both_sides;     // both: the side is not known
    std::string_view to = {};        // "loopback", "lan", "internet"; "": no remote end is known
};

// The protocol of rules that a protocol of events falls under.
std::optional<rule_proto> rule_proto_of(std::string_view proto);

NeededRule needed_rule(const EventEnds &ends);

// EVENT: EventFields that have them all.
template <class EVENT> NeededRule needed_rule_of(const EVENT &event) {
    return needed_rule({.port = event.template number<"port">(),
                        .local_port = event.template number<"local_port">(),
                        .remote_port = event.template number<"remote_port">(),
                        .direction = event.template text<"direction">(),
                        .proto = event.template text<"proto">(),
                        .remote_ip = event.template text<"remote_ip">()});
}

} // namespace pinpipe
