// SPDX-License-Identifier: MIT
#include "tools/reader/options.h"

#include "lib/event/socket_fields.h"
#include "tools/reader/option_ids.h"
#include "tools/reader/stream_options.h"

#include <cstdint>
#include <sstream>

namespace pinpipe::reader {
namespace {

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

std::vector<std::string> split(const std::string &list) {
    std::vector<std::string> parts;
    std::istringstream in(list);
    for (std::string part; std::getline(in, part, ',');)
        parts.push_back(part);
    if (list.empty() || list.back() == ',')
        parts.emplace_back();
    return parts;
}

// Whether events give a protocol this name; a number may have none.
bool is_protocol(const std::string &name) {
    if (!name.empty() && name.size() < 4 && name.find_first_not_of("0123456789") == name.npos)
        return true;
    for (unsigned proto = 0; proto <= UINT8_MAX; proto++) {
        const Word word = protocol_word(static_cast<uint8_t>(proto));
        if (name == std::string_view(word.text, word.length))
            return true;
    }
    return false;
}

Result<void> take_protocols(Request &request, const std::string &list) {
    request.versions = 0;
    for (std::string &name : split(list)) {
        if (!is_protocol(name))
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
