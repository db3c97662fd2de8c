// SPDX-License-Identifier: MIT
#include "tools/reader/lines/ports_json.h"

#include "lib/event/ports_fields.h"
#include "lib/event/put_fields.h"
#include "tools/reader/lines/lost_json.h"

namespace pinpipe {
namespace {

constexpr size_t owner_max = 384; // bytes of one owner

struct OwnerEvent {
    const PortOwner &owner;
    std::string comm; // as JSON
    uint64_t start_time;
    bool counted;
};

struct PortsEvent {
    const PortsEntry *port;
    const PacketsApart *apart;
    const PortsContext &context;
    const LineContext &line;
    EventTime time;
    uint64_t interval; // milliseconds
    bool total;

    PortsEvent(const PortsEntry *of_port, const PacketsApart *of_apart, const PortsContext &around)
        : port(of_port),
          apart(of_apart),
          context(around),
          line(around.line),
          time(around.line.microseconds),
          interval((around.interval + 500) / 1000),
          total(around.total) {}

    OwnerEvent item(const PortOwner &owner) const {
        return {owner, json_string(owner.comm),
                (owner.start + static_cast<uint64_t>(context.boot)) / 1'000'000,
                owner.counted || port->owners->size() > 1};
    }
};

} // namespace

void write_ports(JsonLines &out, const PortsEntry &entry, const PortsContext &context) {
    const size_t owners = entry.owners ? entry.owners->size() : 0;
    out.commit(put_line(out.room(line_max + owners * owner_max), ports_table,
                        PortsEvent(&entry, nullptr, context)));
}

void write_ports_apart(JsonLines &out, const PacketsApart &apart, const PortsContext &context) {
    out.commit(put_line(out.room(line_max), ports_table, PortsEvent(nullptr, &apart, context)));
}

void write_ports_lost(JsonLines &out, const count_record &lost, const PortsContext &context) {
    write_loss(out,
               {.stream = "ports",
                .count = lost.packets,
                .interface_run = context.line.hook_run,
                .bytes = lost.bytes},
               context.line);
}

} // namespace pinpipe
