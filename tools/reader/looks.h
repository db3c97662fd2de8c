// SPDX-License-Identifier: MIT
// What is looked at again and again, each when it is due: sums of usage, counts of ports, and the
// list of what is bound.
#pragma once

#include "tools/reader/bound_list.h"
#include "tools/reader/event_lines.h"

#include <optional>

namespace pinpipe::reader {

class Looks {
public:
    // Those that the request asks for, without the list. loaded: when everything was, nanoseconds
    // since 1970.
    static Result<Looks> open(const Pins &pins, const Request &request, uint64_t loaded);

    // From here on the list of what is bound, too.
    void list_bound(const Pins &pins, const socket_filter &filter) { bound_.emplace(pins, filter); }
    void set_filter(const socket_filter &filter);

    // Which interfaces there are, from here on.
    void name_hooks(const HookTable &hooks);

    // Owners of ports are told: they are found by events of the stream bind.
    bool has_owners() const { return ports_ && ports_->has_owners(); }
    // An event of the stream bind. False: the list has told it.
    bool note(const bind_record &record);

    // When the next look is due: nanoseconds of CLOCK_BOOTTIME; INT64_MAX: never.
    int64_t due() const;
    // There are snapshots, and all that were to be taken have been.
    bool over() const;

    // Takes the looks that are due, and writes what they see.
    Result<void> take_due(EventLines &lines);
    // The last look at usage, and at ports, unless it has been taken.
    Result<void> take_last_usage(EventLines &lines);
    Result<void> take_last_ports(EventLines &lines);

    // No port is watched: their stream tells nothing.
    Result<bool> watches_nothing() const;
    // Bound sockets that were left out, being of the reader's own pipeline.
    uint64_t left_out() const { return bound_ ? bound_->left_out() : 0; }

private:
    Result<void> look_at_bound(EventLines &lines);

    std::optional<UsageStream> usage_;
    std::optional<PortsStream> ports_;
    std::optional<BoundList> bound_;
};

} // namespace pinpipe::reader
