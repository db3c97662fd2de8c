// SPDX-License-Identifier: MIT
#include "tools/ctl/status.h"

#include "lib/event/json_line.h"
#include "lib/event/stream_names.h"
#include "lib/pins/components.h"

#include <bpf/libbpf.h>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <rapidjson/writer.h>

namespace pinpipe::ctl {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

__attribute__((format(printf, 2, 3))) void add(std::string &out, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const auto length = static_cast<size_t>(std::vsnprintf(nullptr, 0, format, arguments));
    va_end(arguments);
    const size_t start = out.size();
    out.resize(start + length + 1); // vsnprintf ends with a NUL
    std::vsnprintf(out.data() + start, length + 1, format, again);
    va_end(again);
    out.resize(start + length);
}

std::string local_time(uint64_t nanoseconds) {
    const auto seconds = static_cast<time_t>(nanoseconds / 1'000'000'000);
    tm parts{};
    char text[32] = "?";
    if (localtime_r(&seconds, &parts))
        std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

void write_string(Writer &w, const char *key, const std::string &value) {
    w.Key(key);
    const std::string text = json_string(value);
    w.RawValue(text.data(), text.size(), rapidjson::kStringType);
}

const char *mode_text(const hook_record &record) {
    return record.flags & HOOK_GENERIC ? "generic" : "native";
}

// In a column as wide as a mode.
const char *probe_text(const hook_record &record) {
    return record.flags & HOOK_FENTRY   ? "fentry"
           : record.flags & HOOK_KPROBE ? "kprobe"
                                        : "tracept";
}

const char *reader_state(const Status &status, const ReaderStatus &reader) {
    if (reader.frozen)
        return "frozen";
    if (reader.unread > status.abi.ring_size)
        return "displaced"; // somebody wrote nonsense into its position; the next claim mends it
    return reader.pid ? "claimed" : reader.streams ? "abandoned" : "free";
}

const char *sent_text(const HookStatus &hook) {
    return hook.sent ? attached_text(*hook.sent) : "no";
}

// "4 in", "4 in, 5 out"
std::string fragments_text(const HookStatus &hook) {
    const std::string in = std::to_string(hook.counters.port_fragments) + " in";
    return hook.sent ? in + ", " + std::to_string(hook.counters.sent_fragments) + " out" : in;
}

void add_hooks(std::string &out, const Status &status) {
    add(out, "\nhook  kind  where            mode     state      sent       netns             "
             "malformed  "
             "truncated  ICMP fragments  TCP/UDP fragments\n");
    for (const HookStatus &hook : status.hooks) {
        if (hook.record.kind == HOOK_SOCKETS) {
            add(out, "%4u  sock  %-15s  %-7s  %-9s%s\n", hook.number,
                printable(hook.record.name).c_str(), probe_text(hook.record),
                attached_text(hook.attached),
                hook.missed.value_or(0) ? (", missed " + std::to_string(*hook.missed)).c_str()
                                        : "");
            continue;
        }
        const std::string netns =
            hook.netns.empty() ? std::to_string(hook.record.netns) : printable(hook.netns);
        add(out,
            "%4u  xdp   %-15s  %-7s  %-9s  %-9s  %-16s  %9" PRIu64 "  %9" PRIu64 "  %14" PRIu64
            "  %17s%s%s\n",
            hook.number, printable(hook.record.name).c_str(), mode_text(hook.record),
            attached_text(hook.attached), sent_text(hook), netns.c_str(),
            static_cast<uint64_t>(hook.counters.malformed),
            static_cast<uint64_t>(hook.counters.truncated),
            static_cast<uint64_t>(hook.counters.fragments), fragments_text(hook).c_str(),
            hook.counters.uncounted
                ? ("  (uncounted " + std::to_string(hook.counters.uncounted) + ")").c_str()
                : "",
            hook.record.flags & HOOK_VLAN_OFFLOAD ? "  (hardware takes VLAN tags)" : "");
    }
}

const char *relabels_text(Relabels relabels) {
    switch (relabels) {
    case Relabels::before: return "before";
    case Relabels::after: return "after";
    case Relabels::no: break;
    }
    return "no";
}

void add_cgroups(std::string &out, const Status &status) {
    add(out, "\ncgroup  state      path\n");
    for (const CgroupStatus &cgroup : status.cgroups)
        add(out, "%6u  %-9s  %s\n", cgroup.number, attached_text(cgroup.attached),
            printable(cgroup.record.path).c_str());
    std::string open = status.packet_sockets ? "" : "packet sockets (AF_PACKET)";
    if (status.relabels != Relabels::before)
        open += std::string(open.empty() ? "" : "; ") +
                (status.relabels == Relabels::after
                     ? "the first send on a socket that came from another process"
                     : "sockets that came from another process");
    if (!open.empty())
        add(out, "not covered: %s\n", open.c_str());
}

void add_refused(std::string &out, const Status &status) {
    const char *space = "\n";
    for (const Refused &refused : refused_components(status.abi)) {
        add(out, "%s%s\n", space, refused_text(refused).c_str());
        space = "";
    }
}

void write_refused(Writer &w, const Status &status) {
    w.Key("not_granted"), w.StartArray();
    for (const Refused &refused : refused_components(status.abi)) {
        const Component &component = *refused.component;
        w.StartObject();
        write_string(w, "name", component.name);
        write_string(w, "object", component.object);
        write_string(w, "where", component.where);
        write_string(w, "capability", capability_name(component.capability));
        w.Key("errno"), w.Int(refused.code);
        write_string(w, "reason", refusal_reason(refused.code));
        write_string(w, "means", component.without);
        w.EndObject();
    }
    w.EndArray();
}

void write_cgroups(Writer &w, const Status &status) {
    w.Key("cgroups"), w.StartArray();
    for (const CgroupStatus &cgroup : status.cgroups) {
        w.StartObject();
        w.Key("number"), w.Uint(cgroup.number);
        w.Key("id"), w.String(std::to_string(cgroup.record.id).c_str());
        write_string(w, "path", cgroup.record.path);
        w.Key("state"), w.String(attached_text(cgroup.attached));
        w.EndObject();
    }
    w.EndArray();
    w.Key("relabels"), w.String(relabels_text(status.relabels));
    w.Key("packet_sockets"), w.String(status.packet_sockets ? "denied" : "open");
}

void add_sockets(std::string &out, const SocketStatus &sockets) {
    add(out, "\nsockets              bytes sent  bytes received        calls\n");
    const std::pair<const char *, const usage_sums *> rows[] = {
        {"seen", &sockets.all}, {"no room", &sockets.full}, {"forgotten", &sockets.forgotten}};
    for (const auto &[name, sums] : rows)
        add(out, "%-13s %17" PRIu64 " %15" PRIu64 " %12" PRIu64 "\n", name,
            uint64_t{sums->bytes_sent}, uint64_t{sums->bytes_received},
            uint64_t{sums->calls_sent + sums->calls_received});
}

void write_sums(Writer &w, const char *key, const usage_sums &sums) {
    w.Key(key), w.StartObject();
    w.Key("bytes_sent"), w.Uint64(sums.bytes_sent);
    w.Key("bytes_received"), w.Uint64(sums.bytes_received);
    w.Key("calls_sent"), w.Uint64(sums.calls_sent);
    w.Key("calls_received"), w.Uint64(sums.calls_received);
    w.EndObject();
}

void write_sockets(Writer &w, const SocketStatus &sockets) {
    w.Key("sockets"), w.StartObject();
    write_sums(w, "seen", sockets.all);
    write_sums(w, "full", sockets.full);
    write_sums(w, "forgotten", sockets.forgotten);
    w.Key("entries"), w.Uint64(sockets.entries);
    w.EndObject();
}

// "tcp, udp"
std::string names_of(uint32_t streams) {
    std::string names;
    for (unsigned stream = 0; stream < STREAMS; stream++)
        if (streams >> stream & 1)
            names += (names.empty() ? "" : ", ") + std::string(stream_names[stream]);
    return names;
}

void add_readers(std::string &out, const Status &status) {
    unsigned unused = 0;
    add(out, "\nslot  state      who                      produced   delivered        lost  unread "
             "bytes  streams\n");
    for (const ReaderStatus &reader : status.readers) {
        const std::string state = reader_state(status, reader);
        if (state == "free") {
            unused++;
            continue;
        }
        const std::string unread =
            reader.unread <= status.abi.ring_size ? std::to_string(reader.unread) : "?";
        const std::string who =
            reader.pid ? printable(reader.comm) + " " + std::to_string(reader.pid) : "-";
        StreamCounts sum;
        for (const StreamCounts &counts : reader.now)
            sum = {sum.produced + counts.produced, sum.delivered + counts.delivered,
                   sum.lost + counts.lost};
        add(out, "%4u  %-9s  %-20s  %11" PRIu64 " %11" PRIu64 " %11" PRIu64 "  %12s  %s\n",
            reader.slot, state.c_str(), who.c_str(), sum.produced, sum.delivered, sum.lost,
            unread.c_str(), names_of(reader.streams).c_str());
    }
    add(out, "      %u of %u slots are free\n", unused, status.abi.readers);
}

void write_counts(Writer &w, unsigned stream, const StreamCounts &counts) {
    w.StartObject();
    w.Key("stream"), w.String(stream_names[stream]);
    w.Key("produced"), w.Uint64(counts.produced);
    w.Key("delivered"), w.Uint64(counts.delivered);
    w.Key("lost"), w.Uint64(counts.lost);
    w.EndObject();
}

void write_hook(Writer &w, const HookStatus &hook) {
    w.StartObject();
    w.Key("number"), w.Uint(hook.number);
    if (hook.record.kind == HOOK_SOCKETS) {
        w.Key("kind"), w.String("sockets");
        write_string(w, "name", hook.record.name);
        w.Key("probe"), w.String(hook.record.flags & HOOK_FENTRY   ? "fentry"
                                 : hook.record.flags & HOOK_KPROBE ? "kprobe"
                                                                   : "tracepoint");
        w.Key("state"), w.String(attached_text(hook.attached));
        w.Key("program"), w.Uint(hook.record.program);
        if (hook.missed)
            w.Key("missed"), w.Uint64(*hook.missed);
        w.EndObject();
        return;
    }
    w.Key("kind"), w.String("xdp");
    write_string(w, "ifname", hook.record.name);
    w.Key("ifindex"), w.Uint(hook.record.ifindex);
    w.Key("netns"), w.Uint64(hook.record.netns);
    if (!hook.netns.empty())
        write_string(w, "netns_name", hook.netns);
    w.Key("mode"), w.String(mode_text(hook.record));
    w.Key("frags"), w.Bool(hook.record.flags & HOOK_FRAGS);
    w.Key("vlan_offload"), w.Bool(hook.record.flags & HOOK_VLAN_OFFLOAD);
    w.Key("state"), w.String(attached_text(hook.attached));
    w.Key("program"), w.Uint(hook.record.program);
    w.Key("malformed"), w.Uint64(hook.counters.malformed);
    w.Key("truncated"), w.Uint64(hook.counters.truncated);
    w.Key("later_fragments"), w.Uint64(hook.counters.fragments);
    w.Key("sent"), w.String(sent_text(hook));
    w.Key("port_fragments"), w.Uint64(hook.counters.port_fragments);
    if (hook.sent)
        w.Key("sent_fragments"), w.Uint64(hook.counters.sent_fragments);
    w.Key("uncounted"), w.Uint64(hook.counters.uncounted);
    w.Key("uncounted_bytes"), w.Uint64(hook.counters.uncounted_bytes);
    w.EndObject();
}

void write_reader(Writer &w, const Status &status, const ReaderStatus &reader) {
    w.StartObject();
    w.Key("slot"), w.Uint(reader.slot);
    w.Key("state"), w.String(reader_state(status, reader));
    if (reader.pid) {
        w.Key("pid"), w.Int(reader.pid);
        write_string(w, "comm", reader.comm);
    }
    if (reader.unread <= status.abi.ring_size)
        w.Key("unread_bytes"), w.Uint64(reader.unread);
    w.Key("streams"), w.StartArray();
    for (unsigned stream = 0; stream < STREAMS; stream++)
        if (reader.streams >> stream & 1)
            write_counts(w, stream, reader.now[stream]);
    w.EndArray();
    w.EndObject();
}

void write_map(Writer &w, const MapStatus &map) {
    w.StartObject();
    write_string(w, "path", map.path);
    w.Key("id"), w.Uint(map.id);
    const char *type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(map.type));
    w.Key("type"), w.String(type ? type : "?");
    w.Key("entries"), w.Uint(map.entries);
    w.Key("bytes"), w.Uint64(map.bytes);
    w.EndObject();
}

uint64_t memory(const Status &status) {
    uint64_t bytes = 0;
    for (const MapStatus &map : status.maps)
        bytes += map.bytes;
    return bytes;
}

} // namespace

std::string status_text(const Status &status) {
    const abi_record &abi = status.abi;
    std::string out;
    add(out, "%s: layout %u, loaded %s by ebpf-load %s\n", printable(status.pin_root).c_str(),
        abi.version, local_time(abi.loaded).c_str(), printable(abi.program).c_str());
    add(out, "%u readers, %u bytes of ring each, read group %s; %zu maps, %" PRIu64 " KiB\n",
        abi.readers, abi.ring_size, printable(status.group).c_str(), status.maps.size(),
        memory(status) / 1024);
    if (status.sockets)
        add(out, "payload: %u bytes of a message\n", abi.payload);
    if (!status.hooks.empty() || status.cgroups.empty())
        add_hooks(out, status);
    if (!status.cgroups.empty())
        add_cgroups(out, status);
    if (status.sockets)
        add_sockets(out, *status.sockets);
    add_refused(out, status);
    add_readers(out, status);
    add(out, "\nstream     produced   delivered        lost   (all readers, since the load)\n");
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        const StreamCounts counts = status.counts(stream);
        if (status.streams() >> stream & 1)
            add(out, "%-7s %11" PRIu64 " %11" PRIu64 " %11" PRIu64 "\n", stream_names[stream],
                counts.produced, counts.delivered, counts.lost);
    }
    return out;
}

std::string status_json(const Status &status) {
    rapidjson::StringBuffer buffer;
    Writer w(buffer);
    w.StartObject();
    write_string(w, "pin_root", status.pin_root);
    w.Key("layout"), w.Uint(status.abi.version);
    write_string(w, "program", status.abi.program);
    w.Key("loaded"), w.Uint64(status.abi.loaded / 1'000'000);
    w.Key("options"), w.StartObject();
    w.Key("readers"), w.Uint(status.abi.readers);
    w.Key("ring_size"), w.Uint(status.abi.ring_size);
    w.Key("payload"), w.Uint(status.abi.payload);
    w.Key("gid"), w.Uint(status.abi.group);
    write_string(w, "group", status.group);
    w.Key("admin_gid"), w.Uint(status.abi.admins);
    w.EndObject();
    w.Key("hooks"), w.StartArray();
    for (const HookStatus &hook : status.hooks)
        write_hook(w, hook);
    w.EndArray();
    if (!status.cgroups.empty())
        write_cgroups(w, status);
    write_refused(w, status);
    if (status.sockets)
        write_sockets(w, *status.sockets);
    w.Key("readers"), w.StartArray();
    for (const ReaderStatus &reader : status.readers)
        write_reader(w, status, reader);
    w.EndArray();
    w.Key("streams"), w.StartArray();
    for (unsigned stream = 0; stream < STREAMS; stream++)
        if (status.streams() >> stream & 1)
            write_counts(w, stream, status.counts(stream));
    w.EndArray();
    w.Key("maps"), w.StartArray();
    for (const MapStatus &map : status.maps)
        write_map(w, map);
    w.EndArray();
    w.EndObject();
    return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

} // namespace pinpipe::ctl
