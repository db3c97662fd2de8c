// SPDX-License-Identifier: MIT
#include "tools/reader/stream_options.h"

#include "bpf/abi/control.h"
#include "lib/event/stream_names.h"
#include "tools/reader/option_ids.h"

namespace pinpipe::reader {
namespace {

constexpr uint32_t bit_icmp = 1U << STREAM_ICMP, bit_tcp = 1U << STREAM_TCP,
                   bit_udp = 1U << STREAM_UDP, bit_conn = 1U << STREAM_CONN,
                   bit_bind = 1U << STREAM_BIND, bit_deny = 1U << STREAM_DENY,
                   bit_usage = 1U << STREAM_USAGE, bit_ports = 1U << STREAM_PORTS;
constexpr uint32_t snapshots = bit_usage | bit_ports;
constexpr uint16_t client_ports = 32768; // EPHEMERAL_PORTS of bpf/sockets/socket_key.h
constexpr uint32_t messages = bit_tcp | bit_udp;
constexpr uint32_t all_streams = bit_icmp | messages | bit_conn | bit_bind | bit_deny | snapshots;

// Which streams an option is for. A filter must suit every stream asked for; anything else, one.
struct Suits {
    int id;
    uint32_t streams;
    bool filter;
};
constexpr Suits suits[] = {
    {opt_host, all_streams & ~bit_ports, true},
    {opt_if, bit_icmp | bit_ports, true},
    {opt_direction, bit_icmp | messages | bit_conn | bit_deny, true},
    {opt_pid, all_streams & ~bit_icmp, true},
    {opt_comm, all_streams & ~bit_icmp, true},
    {opt_port, all_streams & ~bit_icmp, true},
    {opt_include_self, messages | bit_conn | bit_bind | bit_deny, false},
    {opt_no_payload, messages, false},
    {opt_hex, messages, false},
    {opt_by, bit_usage, false},
    {opt_interval, snapshots, false},
    {opt_since_load, snapshots, false},
    {opt_community_id, bit_icmp | messages | bit_conn | bit_deny, false},
};

// Streams that can hold this protocol.
uint32_t streams_of(const std::string &proto) {
    uint32_t streams = bit_usage;
    streams |= proto == "icmp" || proto == "icmpv6" ? bit_icmp : 0;
    streams |= proto == "tcp" ? bit_tcp | bit_conn | bit_bind | bit_deny | bit_ports : 0;
    streams |= proto == "mptcp" ? bit_tcp | bit_bind | bit_deny : 0;
    streams |= proto == "udp" ? bit_ports : 0;
    streams |= proto == "udp" || proto == "udplite" ? bit_udp | bit_bind | bit_deny : 0;
    return streams;
}

std::string named(int id) {
    for (const Option &option : usage.options)
        if (option.id == id)
            return option.letter ? std::string("-") + option.letter
                                 : std::string("--") + option.name;
    return "";
}

std::string first_of(uint32_t streams) {
    return stream_names[__builtin_ctz(streams)];
}

// A filter that a stream cannot have would show nothing of it, or all: neither is what was meant.
// Of all, those streams are left out.
Result<void> agree_on_streams(const Parsed &parsed, Request &request) {
    for (const Suits &suit : suits) {
        if (!parsed.has(suit.id))
            continue;
        const uint32_t misfits = request.streams & ~suit.streams;
        if (misfits == request.streams || (misfits && suit.filter && !request.all))
            return fail(usage_error(first_of(misfits) + " has no " + named(suit.id)));
        if (suit.filter)
            request.streams &= suit.streams;
    }
    if (request.protos.empty())
        return {};
    uint32_t possible = 0;
    for (const std::string &proto : request.protos) {
        const uint32_t streams = streams_of(proto);
        if (!(streams & request.streams))
            return fail(usage_error(first_of(request.streams) + " has no --proto " + proto));
        possible |= streams;
    }
    const uint32_t misfits = request.streams & ~possible;
    if (misfits && !request.all)
        return fail(usage_error(first_of(misfits) + " has none of these: --proto " +
                                *parsed.value(opt_proto)));
    request.streams &= possible;
    return {};
}

} // namespace

Result<uint32_t> parse_streams(const std::vector<std::string> &operands) {
    if (operands.empty())
        return fail(
            usage_error("no stream given: icmp, tcp, udp, conn, bind, deny, usage, ports or all")
                .with_hint("ebpf-read --help"));
    uint32_t streams = 0;
    for (const std::string &name : operands) {
        uint32_t found = name == "all" ? all_streams : 0;
        for (unsigned stream = 0; stream < STREAMS; stream++)
            if (name == stream_names[stream])
                found = all_streams & 1U << stream;
        if (!found)
            return fail(usage_error("no stream '" + name +
                                    "': there are icmp, tcp, udp, conn, bind, deny, usage, ports "
                                    "and all")
                            .with_hint("ebpf-read --help"));
        streams |= found;
    }
    return streams;
}

Result<void> agree(const Parsed &parsed, Request &request) {
    if (auto agreed = agree_on_streams(parsed, request); !agreed)
        return agreed;
    if (request.streams & bit_icmp && request.directions == 2) {
        if (!request.all)
            return fail(usage_error("icmp cannot show --direction out: XDP sees what is received"));
        request.streams &= ~bit_icmp;
    }
    const bool events = request.streams & socket_streams;
    const auto most = [](const char *option, size_t count) {
        return fail(usage_error(std::string(option) + " takes at most " + std::to_string(count) +
                                " for streams of events: they are chosen in the kernel"));
    };
    if (events && request.pids.size() > FILTER_PIDS)
        return most("--pid", FILTER_PIDS);
    if (events && request.comms.size() > FILTER_COMMS)
        return most("--comm", FILTER_COMMS);
    if (events && request.ports.size() > FILTER_PORTS)
        return most("--port", FILTER_PORTS);
    if (request.streams & bit_usage)
        for (const PortRange &range : request.ports)
            if (range.first >= client_ports)
                return fail(usage_error("usage tells no ports from " +
                                        std::to_string(client_ports) + " on: they are clients'"));
    if (!parsed.has(opt_interval) && !request.since_load)
        request.interval = 1'000'000'000;
    if (request.all)
        request.payload = false;
    return {};
}

} // namespace pinpipe::reader
