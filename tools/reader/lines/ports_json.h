// SPDX-License-Identifier: MIT
// Lines of the stream ports. Fields: pinpipe-events(5).
#pragma once

#include "tools/reader/lines/event_json.h"
#include "tools/reader/lines/owner_book.h"

#include <optional>
#include <span>

namespace pinpipe {

struct PortsContext {
    LineContext line;      // hook_run: interface_run()
    uint64_t interval = 0; // microseconds that the counts are about
    int64_t boot = 0;      // nanoseconds to add to CLOCK_BOOTTIME to get CLOCK_REALTIME
    bool total = false;    // since the load, not since the line before
};

struct PortsEntry {
    uint32_t index = 0; // enum rule_proto << 16 | port
    count_record received{};
    std::optional<count_record> sent; // none: it is not measured
    // None: nobody looks, without the socket probes.
    std::optional<std::span<const PortOwner>> owners;
};

// Appends one line with its newline.
void write_ports(JsonLines &out, const PortsEntry &entry, const PortsContext &context);

// Packets of an interface that have no port, or none that could be read.
struct PacketsApart {
    uint64_t fragments = 0, malformed = 0;  // received
    std::optional<uint64_t> sent_fragments; // none: not measured
};
void write_ports_apart(JsonLines &out, const PacketsApart &apart, const PortsContext &context);

// Packets of watched ports for which there was no room.
void write_ports_lost(JsonLines &out, const count_record &lost, const PortsContext &context);

} // namespace pinpipe
