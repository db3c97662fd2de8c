// SPDX-License-Identifier: MIT
#include "tools/reader/options.h"

#include "bpf/abi/control.h"
#include "lib/event/stream_names.h"

#include <algorithm>
#include <cstdint>
#include <sstream>

namespace pinpipe::reader {
namespace {

constexpr uint32_t bit_icmp = 1U << STREAM_ICMP, bit_tcp = 1U << STREAM_TCP,
                   bit_udp = 1U << STREAM_UDP, bit_conn = 1U << STREAM_CONN,
                   bit_bind = 1U << STREAM_BIND, bit_deny = 1U << STREAM_DENY,
                   bit_usage = 1U << STREAM_USAGE, bit_ports = 1U << STREAM_PORTS;
constexpr uint32_t snapshots = bit_usage | bit_ports;
constexpr uint16_t client_ports = 32768; // as EPHEMERAL_PORTS of bpf/socket.h
constexpr uint32_t messages = bit_tcp | bit_udp;
constexpr uint32_t all_streams = bit_icmp | messages | bit_conn | bit_bind | bit_deny | snapshots;

enum : int {
    opt_host = own_options,
    opt_proto,
    opt_if,
    opt_direction,
    opt_pid,
    opt_comm,
    opt_port,
    opt_by,
    opt_interval,
    opt_since_load,
    opt_count,
    opt_time,
    opt_host_name,
    opt_community_id,
    opt_no_payload,
    opt_hex,
    opt_include_self
};

constexpr Option options[] = {
    {opt_host, "host", 0, "ADDR[/LEN]", "only what has this address or prefix at either end"},
    {opt_proto, "proto", 0, "PROTO[,PROTO]",
     "only these: icmp, icmpv6; tcp, mptcp, udp, udplite; of usage any"},
    {opt_if, "if", 0, "IFACE[,IFACE]", "icmp, ports: only packets of these interfaces"},
    {opt_direction, "direction", 0, "in|out",
     "only what is received or accepted, or only what is sent or connected"},
    {opt_pid, "pid", 0, "N[,N]", "only these processes"},
    {opt_comm, "comm", 0, "NAME[,NAME]", "only processes of these names"},
    {opt_port, "port", 0, "N[-N][,...]",
     "only these ports, at either end; usage: remote, ports: local ones"},
    {opt_include_self, "include-self", 0, nullptr, "also events of the reader's own pipeline"},
    {opt_no_payload, "no-payload", 0, nullptr, "tcp, udp: without what the messages say"},
    {opt_hex, "hex", 0, nullptr, "tcp, udp: payload as payload_hex, not as Base64"},
    {opt_by, "by", 0, "port", "usage: a line for each remote port, not each remote address"},
    {opt_interval, "interval", 'i', "SECONDS",
     "usage, ports: time between snapshots, fractions allowed (default 1)"},
    {opt_since_load, "since-load", 0, nullptr,
     "usage, ports: totals since the load; once, unless -i is given"},
    {opt_count, "count", 'n', "N", "stop after N events"},
    {opt_time, "time", 't', "SECONDS", "stop after this time, fractions allowed"},
    {opt_host_name, "host-name", 0, nullptr, "add this machine's name to each event, as host"},
    {opt_community_id, "community-id", 0, nullptr, "add the flow's Community ID v1 to each event"},
};

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

std::vector<std::string> split(const std::string &list) {
    std::vector<std::string> parts;
    std::istringstream in(list);
    for (std::string part; std::getline(in, part, ',');)
        parts.push_back(part);
    if (list.empty() || list.back() == ',')
        parts.emplace_back();
    return parts;
}

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

constexpr const char *proto_names[] = {"icmp", "icmpv6", "tcp", "udp",    "udplite",
                                       "sctp", "dccp",   "raw", "packet", "mptcp"};

Result<void> take_protocols(Request &request, const std::string &list) {
    request.versions = 0;
    for (std::string &name : split(list)) {
        const bool number =
            !name.empty() && name.size() < 4 && name.find_first_not_of("0123456789") == name.npos;
        if (!number && std::find(std::begin(proto_names), std::end(proto_names), name) ==
                           std::end(proto_names))
            return fail(usage_error("--proto: no protocol '" + name + "'"));
        if (name == "icmp")
            request.versions |= 1U << 4;
        if (name == "icmpv6")
            request.versions |= 1U << 6;
        request.protos.push_back(std::move(name));
    }
    return {};
}

Result<PortRange> parse_ports(const std::string &text) {
    const size_t dash = text.find('-');
    const auto first = parse_number("--port", text.substr(0, dash), 1, 65535);
    if (!first)
        return fail(first.error());
    const auto last =
        dash == text.npos ? first : parse_number("--port", text.substr(dash + 1), 1, 65535);
    if (!last)
        return fail(last.error());
    if (*last < *first)
        return fail(usage_error("--port " + text + ": the range ends before it begins"));
    return PortRange{static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
}

Result<void> take_process(Request &request, const Parsed::Given &given) {
    for (std::string &part : split(given.value)) {
        if (given.id == opt_comm) {
            if (part.empty() || part.size() > 15)
                return fail(
                    usage_error("--comm '" + part + "': the kernel keeps 1 to 15 bytes of a name"));
            request.comms.push_back(std::move(part));
        } else if (given.id == opt_port) {
            const auto range = parse_ports(part);
            if (!range)
                return fail(range.error());
            request.ports.push_back(*range);
        } else {
            const auto pid = parse_number("--pid", part, 1, INT32_MAX);
            if (!pid)
                return fail(pid.error());
            request.pids.push_back(static_cast<uint32_t>(*pid));
        }
    }
    return {};
}

std::string named(int id) {
    for (const Option &option : options)
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

template <class To, class From> Result<void> set(To &to, const Result<From> &value) {
    if (!value)
        return fail(value.error());
    to = *value;
    return {};
}

Result<void> take(Request &request, const Parsed::Given &given) {
    switch (given.id) {
    case opt_host:
        if (request.host)
            return fail(usage_error("--host can be given once"));
        return set(request.host, parse_prefix(given.value));
    case opt_proto: return take_protocols(request, given.value);
    case opt_if:
        for (std::string &name : split(given.value)) {
            if (name.empty() || name.size() > 15)
                return fail(usage_error("'" + name + "' is no name of an interface"));
            request.interfaces.push_back(std::move(name));
        }
        return {};
    case opt_direction:
        if (given.value != "in" && given.value != "out")
            return fail(usage_error("--direction takes in or out, not '" + given.value + "'"));
        request.directions = given.value == "in" ? 1 : 2;
        return {};
    case opt_pid:
    case opt_comm:
    case opt_port: return take_process(request, given);
    case opt_by:
        if (given.value != "port")
            return fail(usage_error("--by takes port, not '" + given.value + "'"));
        request.by_port = true;
        return {};
    case opt_interval: return set(request.interval, parse_seconds("-i", given.value));
    case opt_since_load: request.since_load = true; return {};
    case opt_no_payload: request.payload = false; return {};
    case opt_hex: request.hex = true; return {};
    case opt_include_self: request.include_self = true; return {};
    case opt_count: return set(request.count, parse_number("-n", given.value, 1, INT64_MAX));
    case opt_time: return set(request.duration, parse_seconds("-t", given.value));
    case opt_host_name: request.host_name = true; return {};
    case opt_community_id: request.community_id = true; return {};
    }
    return {};
}

} // namespace

const Usage usage = {
    .tool = "ebpf-read",
    .synopsis = "ebpf-read [options] STREAM...",
    .summary =
        "Print what pinned eBPF programs see as NDJSON, one event a line. Needs no root: the read\n"
        "group is enough. Streams: icmp (ICMP and ICMPv6 as received), tcp and udp (each send and\n"
        "receive), conn (connections), bind (listeners), deny (what rules refuse), usage (bytes "
        "of\n"
        "each process), ports (packets of watched ports), all.",
    .options = options,
    .closing =
        "Filters run in the kernel, for this reader alone. See ebpf-read(1), pinpipe-events(5).",
};

Result<Request> read_request(const Parsed &parsed) {
    Request request;
    request.pin_root = parsed.pin_root;
    request.verbose = parsed.verbose;
    auto streams = parse_streams(parsed.operands);
    if (!streams)
        return fail(streams.error());
    request.streams = *streams;
    for (const std::string &name : parsed.operands)
        request.all |= name == "all";
    for (const Parsed::Given &given : parsed.options)
        if (auto taken = take(request, given); !taken)
            return fail(std::move(taken.error()).with_hint("ebpf-read --help"));
    if (auto agreed = agree(parsed, request); !agreed)
        return fail(std::move(agreed.error()).with_hint("ebpf-read --help"));
    return request;
}

} // namespace pinpipe::reader
