// SPDX-License-Identifier: MIT
// Watched ports: their owners, and packets and bytes since ebpf-web started.
#pragma once

#include "tools/web/common/lru.h"
#include "tools/web/model/port_owner.h"
#include "tools/web/model/traffic.h"

#include <vector>

namespace pinpipe::web {

class Event;

struct Port {
    uint64_t port = 0;
    std::string proto, ifname;
    uint64_t packets_received = 0, bytes_received = 0, packets_sent = 0, bytes_sent = 0;
    bool has_sent = false; // sent packets are counted (needs tcx)
    Meter meter;
    std::vector<PortOwner> owners;
    int64_t last_event = 0; // milliseconds since 1970
};

class Ports {
public:
    static constexpr size_t most = 1024;

    void take(const Event &event, const Now &now);
    const Lru<std::string, Port> &all() const { return ports_; }

private:
    Lru<std::string, Port> ports_{most};
};

} // namespace pinpipe::web
