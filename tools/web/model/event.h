// One line of NDJSON, as far as the dashboard sums up what it says. All else of it is shown as it
// is, so a line is any JSON object.
#pragma once

#include "lib/event/flat_object.h"

#include <array>
#include <string>

namespace pinpipe::web {

// In the order in which ebpf-read writes them.
enum Field : uint8_t {
    event_type,
    timestamp,
    timestamp_us,
    stream,
    count,
    action,
    rule,
    reason,
    direction,
    pid,
    uid,
    comm,
    exe,
    cgroup_id,
    start_time,
    proto,
    local_ip,
    local_port,
    remote_ip,
    remote_port,
    port,
    ifname,
    packets_received,
    bytes_sent,
    bytes_received,
    packets_sent,
    interval_ms,
    total,
    FIELDS,
};

class Event : public FlatObject<FIELDS> {
public:
    Event();
    // Of the columns that name a process: there, and of the right type.
    bool has_process() const;
};

// Holds what the texts of its event point into: they last until the next parse().
class EventParser {
public:
    // nullptr: no JSON object, or nested deeper than anybody needs.
    const Event *parse(std::string_view line);

private:
    JsonScratch scratch_;
    Event event_;
};

bool is_blank(std::string_view line);

} // namespace pinpipe::web
