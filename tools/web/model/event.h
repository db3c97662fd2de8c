// SPDX-License-Identifier: MIT
// The fields that the dashboard sums up, of one line of NDJSON. Lines are shown unchanged, so any
// JSON object is a valid line.
#pragma once

#include "lib/event/event_fields.h"
#include "tools/web/model/port_owner.h"

#include <vector>

namespace pinpipe::web {

// The owners of a port.
class PortOwners {
public:
    static constexpr size_t most = 16;
    using Fields = OwnerFields<"pid", "comm", "uid", "start_time", "attribution", "exited">;

    void take(const Fields &owner);
    const std::vector<PortOwner> &all() const { return owners_; }

private:
    std::vector<PortOwner> owners_;
};

// In the order in which ebpf-read writes them. A class, so that headers can do without the tables
// of fields, which take long to compile.
class Event
    : public EventFieldsAndOwners<PortOwners, "event_type", "timestamp", "timestamp_us", "stream",
                                  "count", "action", "rule", "reason", "direction", "pid", "uid",
                                  "comm", "exe", "cgroup_id", "start_time", "proto", "local_ip",
                                  "local_port", "remote_ip", "remote_port", "port", "ifname",
                                  "packets_received", "bytes_received", "packets_sent",
                                  "bytes_sent", "owners", "interval_ms", "total"> {};

// Whether the fields that identify a process are present and of the right type.
inline bool has_process(const Event &event) {
    return event.has<"pid", "comm", "start_time">() && !event.wrong<"comm", "exe">();
}

inline bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == line.npos;
}

} // namespace pinpipe::web
