// SPDX-License-Identifier: MIT
#include "tools/ctl/status.h"

#include "lib/base/text_table.h"
#include "lib/event/stream_names.h"
#include "lib/pins/components.h"
#include "tools/ctl/local_time.h"

namespace pinpipe::ctl {
namespace {

// Short enough for the column of modes.
const char *probe_text(const hook_record &record) {
    return record.flags & HOOK_FENTRY   ? "fentry"
           : record.flags & HOOK_KPROBE ? "kprobe"
                                        : "tracept";
}

// "4 in", "4 in, 5 out"
std::string fragments_text(const HookStatus &hook) {
    const std::string in = std::to_string(hook.counters.port_fragments) + " in";
    return hook.sent ? in + ", " + std::to_string(hook.counters.sent_fragments) + " out" : in;
}

std::string remarks_text(const HookStatus &hook) {
    std::string text;
    if (hook.counters.uncounted)
        text = "(uncounted " + std::to_string(hook.counters.uncounted) + ")";
    if (hook.record.flags & HOOK_VLAN_OFFLOAD)
        text += std::string(text.empty() ? "" : "  ") + "(hardware takes VLAN tags)";
    return text;
}

std::vector<std::string> interface_row(const HookStatus &hook) {
    const hook_counters &counters = hook.counters;
    return {std::to_string(hook.number),
            "xdp",
            printable(hook.record.name),
            mode_text(hook.record),
            attached_text(hook.attached),
            sent_text(hook),
            hook.netns.empty() ? std::to_string(hook.record.netns) : printable(hook.netns),
            std::to_string(counters.malformed),
            std::to_string(counters.truncated),
            std::to_string(counters.fragments),
            fragments_text(hook),
            remarks_text(hook)};
}

std::vector<std::string> sockets_row(const HookStatus &hook) {
    std::string state = attached_text(hook.attached);
    if (hook.missed.value_or(0))
        state += ", missed " + std::to_string(*hook.missed);
    return {std::to_string(hook.number), "sock", printable(hook.record.name),
            probe_text(hook.record), state};
}

void add_hooks(std::string &out, const Status &status) {
    const TextColumn columns[] = {{"hook", Align::right, 4},
                                  {"kind", Align::left, 4},
                                  {"where", Align::left, 15},
                                  {"mode", Align::left, 7},
                                  {"state", Align::left, 9},
                                  {"sent", Align::left, 9},
                                  {"netns", Align::left, 16},
                                  {"malformed", Align::right, 9},
                                  {"truncated", Align::right, 9},
                                  {"ICMP fragments", Align::right, 14},
                                  {"TCP/UDP fragments", Align::right, 17},
                                  {""}};
    out += "\n" + text_heading(columns);
    for (const HookStatus &hook : status.hooks)
        out += text_line(columns, hook.record.kind == HOOK_SOCKETS ? sockets_row(hook)
                                                                   : interface_row(hook));
}

void add_cgroups(std::string &out, const Status &status) {
    const TextColumn columns[] = {{"cgroup", Align::right, 6}, {"state", Align::left, 9}, {"path"}};
    out += "\n" + text_heading(columns);
    for (const CgroupStatus &cgroup : status.cgroups)
        out += text_line(columns, {{std::to_string(cgroup.number), attached_text(cgroup.attached),
                                    printable(cgroup.record.path)}});
    std::string open = status.packet_sockets ? "" : "packet sockets (AF_PACKET)";
    if (status.relabels != Relabels::before)
        open += std::string(open.empty() ? "" : "; ") +
                (status.relabels == Relabels::after
                     ? "the first send on a socket that came from another process"
                     : "sockets that came from another process");
    if (!open.empty())
        out += "not covered: " + open + "\n";
    const auto &[refused, unjudged] = status.unlabelled;
    if (refused || unjudged)
        out += "no memory for the labels of sockets: " + std::to_string(refused) +
               " calls refused, " + std::to_string(unjudged) + " open sockets not judged\n";
}

void add_sockets(std::string &out, const SocketStatus &sockets) {
    const TextColumn columns[] = {{"sockets", Align::left, 13},
                                  {"bytes sent", Align::right, 17, 1},
                                  {"bytes received", Align::right, 15, 1},
                                  {"calls", Align::right, 12, 1}};
    out += "\n" + text_heading(columns);
    const std::pair<const char *, const usage_sums *> rows[] = {
        {"seen", &sockets.all}, {"no room", &sockets.full}, {"forgotten", &sockets.forgotten}};
    for (const auto &[name, sums] : rows)
        out += text_line(
            columns, {{name, std::to_string(sums->bytes_sent), std::to_string(sums->bytes_received),
                       std::to_string(sums->calls_sent + sums->calls_received)}});
}

void add_refused(std::string &out, const Status &status) {
    const char *space = "\n";
    for (const Refused &refused : refused_components(status.abi)) {
        out += space + refused_text(refused) + "\n";
        space = "";
    }
}

// "tcp, udp"
std::string names_of(uint32_t streams) {
    std::string names;
    for (unsigned stream = 0; stream < STREAMS; stream++)
        if (streams >> stream & 1)
            names += (names.empty() ? "" : ", ") + std::string(stream_names[stream]);
    return names;
}

std::vector<std::string> reader_row(const Status &status, const ReaderStatus &reader) {
    StreamCounts sum;
    for (const StreamCounts &counts : reader.now)
        sum = {sum.produced + counts.produced, sum.delivered + counts.delivered,
               sum.lost + counts.lost};
    return {std::to_string(reader.slot),
            reader_state(status, reader),
            reader.pid ? printable(reader.comm) + " " + std::to_string(reader.pid) : "-",
            std::to_string(sum.produced),
            std::to_string(sum.delivered),
            std::to_string(sum.lost),
            reader.unread <= status.abi.ring_size ? std::to_string(reader.unread) : "?",
            names_of(reader.streams)};
}

void add_readers(std::string &out, const Status &status) {
    const TextColumn columns[] = {
        {"slot", Align::right, 4},          {"state", Align::left, 9},
        {"who", Align::left, 20},           {"produced", Align::right, 11},
        {"delivered", Align::right, 11, 1}, {"lost", Align::right, 11, 1},
        {"unread bytes", Align::right, 12}, {"streams"}};
    out += "\n" + text_heading(columns);
    unsigned unused = 0;
    for (const ReaderStatus &reader : status.readers) {
        if (reader_state(status, reader) == std::string_view("free"))
            unused++;
        else
            out += text_line(columns, reader_row(status, reader));
    }
    out += "      " + std::to_string(unused) + " of " + std::to_string(status.abi.readers) +
           " slots are free\n";
}

void add_streams(std::string &out, const Status &status) {
    const TextColumn columns[] = {{"stream", Align::left, 7},
                                  {"produced", Align::right, 11, 1},
                                  {"delivered", Align::right, 11, 1},
                                  {"lost", Align::right, 11, 1},
                                  {"(all readers, since the load)", Align::left, 0, 3}};
    out += "\n" + text_heading(columns);
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        const StreamCounts counts = status.counts(stream);
        if (status.streams() >> stream & 1)
            out += text_line(columns,
                             {{stream_names[stream], std::to_string(counts.produced),
                               std::to_string(counts.delivered), std::to_string(counts.lost)}});
    }
}

uint64_t memory(const Status &status) {
    uint64_t bytes = 0;
    for (const MapStatus &map : status.maps)
        bytes += map.bytes;
    return bytes;
}

void add_layout(std::string &out, const Status &status) {
    const abi_record &abi = status.abi;
    out += printable(status.pin_root) + ": layout " + std::to_string(abi.version) + ", loaded " +
           local_time(abi.loaded / 1'000'000'000) + " by ebpf-load " + printable(abi.program) +
           "\n" + std::to_string(abi.readers) + " readers, " + std::to_string(abi.ring_size) +
           " bytes of ring each, read group " + printable(status.group) + "; " +
           std::to_string(status.maps.size()) + " maps, " + std::to_string(memory(status) / 1024) +
           " KiB\n";
    if (status.sockets)
        out += "payload: " + std::to_string(abi.payload) + " bytes of a message\n";
}

} // namespace

std::string status_text(const Status &status) {
    std::string out;
    add_layout(out, status);
    if (!status.hooks.empty() || status.cgroups.empty())
        add_hooks(out, status);
    if (!status.cgroups.empty())
        add_cgroups(out, status);
    if (status.sockets)
        add_sockets(out, *status.sockets);
    add_refused(out, status);
    add_readers(out, status);
    add_streams(out, status);
    return out;
}

} // namespace pinpipe::ctl
