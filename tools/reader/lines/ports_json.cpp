#include "tools/reader/lines/ports_json.h"

namespace pinpipe {
namespace {

constexpr size_t owner_max = 384; // bytes of one owner

char *put_field(char *to, std::string_view key, uint64_t value) {
    to = put(to, R"(,")");
    to = put(to, key);
    to = put(to, R"(":)");
    return put_number64(to, value);
}

char *put_start(char *to, const char *type, const PortsContext &context) {
    to = put(to, R"({"v":1,"event_type":")");
    to = put(to, std::string_view(type));
    *to++ = '"';
    to = put_time(to, context.line.microseconds);
    if (context.line.seq)
        to = put_field(to, "seq", context.line.seq);
    return put(to, context.line.host_run);
}

char *put_owner(char *to, const PortOwner &owner, bool with_bytes, const PortsContext &context) {
    to = put(to, R"({"pid":)");
    to = put_number(to, owner.pid);
    to = put(to, R"(,"comm":)");
    to = put(to, json_string(owner.comm));
    to = put_field(to, "uid", owner.uid);
    to = put_field(to, "start_time",
                   (owner.start + static_cast<uint64_t>(context.boot)) / 1'000'000);
    to = owner.exact ? put(to, R"(,"attribution":"exact")")
                     : put(to, R"(,"attribution":"bootstrap")");
    if (with_bytes) {
        to = put_field(to, "bytes_received", owner.bytes_received);
        to = put_field(to, "bytes_sent", owner.bytes_sent);
        to = put(to, R"(,"byte_layer":"socket")");
    }
    if (owner.bound && !owner.holds)
        to = put(to, R"(,"exited":true)");
    *to++ = '}';
    return to;
}

char *put_owners(char *to, std::span<const PortOwner> owners, const PortsContext &context) {
    to = put(to, R"(,"owners":[)");
    for (const PortOwner &owner : owners) {
        if (&owner != owners.data())
            *to++ = ',';
        to = put_owner(to, owner, owner.counted || owners.size() > 1, context);
    }
    *to++ = ']';
    return to;
}

char *put_end(char *to, const PortsContext &context) {
    to = put_field(to, "interval_ms", (context.interval + 500) / 1000);
    if (context.total)
        to = put(to, R"(,"total":true)");
    return put(to, R"(,"byte_layer":"packet"})"
                   "\n");
}

} // namespace

void write_ports(JsonLines &out, const PortsEntry &entry, const PortsContext &context) {
    const size_t owners = entry.owners ? entry.owners->size() : 0;
    char *to = out.room(line_max + owners * owner_max);
    to = put_start(to, "ports", context);
    to = put_field(to, "local_port", entry.index & 0xffff);
    to =
        entry.index >> 16 == RULE_UDP ? put(to, R"(,"proto":"udp")") : put(to, R"(,"proto":"tcp")");
    to = put(to, context.line.hook_run);
    to = put_field(to, "packets_received", entry.received.packets);
    to = put_field(to, "bytes_received", entry.received.bytes);
    if (entry.sent) {
        to = put_field(to, "packets_sent", entry.sent->packets);
        to = put_field(to, "bytes_sent", entry.sent->bytes);
    }
    if (entry.owners)
        to = put_owners(to, *entry.owners, context);
    out.commit(put_end(to, context));
}

void write_ports_apart(JsonLines &out, const PacketsApart &apart, const PortsContext &context) {
    char *to = out.room(line_max);
    to = put_start(to, "ports", context);
    to = put(to, context.line.hook_run);
    to = put_field(to, "fragments_received", apart.fragments);
    to = put_field(to, "malformed_received", apart.malformed);
    if (apart.sent_fragments)
        to = put_field(to, "fragments_sent", *apart.sent_fragments);
    out.commit(put_end(to, context));
}

void write_ports_lost(JsonLines &out, const count_record &lost, const PortsContext &context) {
    char *to = out.room(line_max);
    to = put_start(to, "lost", context);
    to = put(to, R"(,"stream":"ports")");
    to = put(to, context.line.hook_run);
    to = put_field(to, "count", lost.packets);
    to = put_field(to, "bytes", lost.bytes);
    to = put(to, "}\n");
    out.commit(to);
}

} // namespace pinpipe
