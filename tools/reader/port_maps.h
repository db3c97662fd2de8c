// SPDX-License-Identifier: MIT
// The maps of watched ports (bpf/watches.h) as a reader sees them.
#pragma once

#include "lib/pins/pins.h"

#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

namespace pinpipe {

// Packets of one port that one hook's interface received, or sent, since the load.
struct PortCount {
    unsigned hook;
    bool sent;
    uint32_t index; // of the port's word: enum rule_proto << 16 | port
    count_record sum;
};

// What one process moved at a watched port, since it first did.
struct PortUse {
    port_user user;
    port_usage sum;
};

class PortMaps {
public:
    static Result<PortMaps> open(const Pins &pins);

    Result<std::vector<PortCount>> counts() const;
    Result<std::vector<PortUse>> uses() const; // none without the socket probes
    Result<std::array<hook_counters, MAX_HOOKS>> counters() const;

    Result<uint64_t> word(uint32_t index) const; // bits of WATCH_* of a port

    Result<bool> watches_any() const; // some port is watched, or some process waited for

    bool has_sockets() const { return usage_.valid(); }

private:
    Fd counts_, counters_, watched_, watching_, usage_;
};

} // namespace pinpipe
