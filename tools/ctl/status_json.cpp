// SPDX-License-Identifier: MIT
#include "tools/ctl/status.h"

#include "lib/event/stream_names.h"
#include "lib/pins/components.h"
#include "tools/ctl/json_writer.h"

#include <bpf/libbpf.h>

namespace pinpipe::ctl {
namespace {

const char *relabels_text(Relabels relabels) {
    switch (relabels) {
    case Relabels::before: return "before";
    case Relabels::after: return "after";
    case Relabels::no: break;
    }
    return "no";
}

void write_refused(JsonWriter &w, const Status &status) {
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

void write_cgroups(JsonWriter &w, const Status &status) {
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
    w.Key("unlabelled"), w.StartObject();
    w.Key("refused"), w.Uint64(status.unlabelled.refused);
    w.Key("open"), w.Uint64(status.unlabelled.open);
    w.EndObject();
    w.Key("packet_sockets"), w.String(status.packet_sockets ? "denied" : "open");
}

void write_sums(JsonWriter &w, const char *key, const usage_sums &sums) {
    w.Key(key), w.StartObject();
    w.Key("bytes_sent"), w.Uint64(sums.bytes_sent);
    w.Key("bytes_received"), w.Uint64(sums.bytes_received);
    w.Key("calls_sent"), w.Uint64(sums.calls_sent);
    w.Key("calls_received"), w.Uint64(sums.calls_received);
    w.EndObject();
}

void write_sockets(JsonWriter &w, const SocketStatus &sockets) {
    w.Key("sockets"), w.StartObject();
    write_sums(w, "seen", sockets.all);
    write_sums(w, "full", sockets.full);
    write_sums(w, "forgotten", sockets.forgotten);
    w.Key("entries"), w.Uint64(sockets.entries);
    w.EndObject();
}

void write_counts(JsonWriter &w, unsigned stream, const StreamCounts &counts) {
    w.StartObject();
    w.Key("stream"), w.String(stream_names[stream]);
    w.Key("produced"), w.Uint64(counts.produced);
    w.Key("delivered"), w.Uint64(counts.delivered);
    w.Key("lost"), w.Uint64(counts.lost);
    w.EndObject();
}

void write_hook(JsonWriter &w, const HookStatus &hook) {
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

void write_reader(JsonWriter &w, const Status &status, const ReaderStatus &reader) {
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

void write_map(JsonWriter &w, const MapStatus &map) {
    w.StartObject();
    write_string(w, "path", map.path);
    w.Key("id"), w.Uint(map.id);
    const char *type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(map.type));
    w.Key("type"), w.String(type ? type : "?");
    w.Key("entries"), w.Uint(map.entries);
    w.Key("bytes"), w.Uint64(map.bytes);
    w.EndObject();
}

} // namespace

std::string status_json(const Status &status) {
    rapidjson::StringBuffer buffer;
    JsonWriter w(buffer);
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
    return line_of(buffer);
}

} // namespace pinpipe::ctl
