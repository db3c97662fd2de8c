#include "tools/reader/options.h"

#include <algorithm>
#include <cstdint>
#include <sstream>

namespace pinpipe::reader {
namespace {

constexpr uint32_t bit_icmp = 1U << STREAM_ICMP, bit_usage = 1U << STREAM_USAGE;

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
    opt_community_id
};

constexpr Option options[] = {
    {opt_host, "host", 0, "ADDR[/LEN]", "only what has this address or prefix at either end"},
    {opt_proto, "proto", 0, "PROTO[,PROTO]",
     "only these protocols: icmp, icmpv6; of usage also tcp, udp, ..."},
    {opt_if, "if", 0, "IFACE[,IFACE]", "icmp: only packets received on these interfaces"},
    {opt_direction, "direction", 0, "in",
     "icmp: packets are seen as they are received: in is all there is"},
    {opt_pid, "pid", 0, "N[,N]", "usage: only these processes"},
    {opt_comm, "comm", 0, "NAME[,NAME]", "usage: only processes of these names"},
    {opt_port, "port", 0, "N[-N][,...]", "usage: only these remote ports"},
    {opt_by, "by", 0, "port", "usage: a line for each remote port, not each remote address"},
    {opt_interval, "interval", 'i', "SECONDS",
     "usage: time between snapshots, fractions allowed (default 1)"},
    {opt_since_load, "since-load", 0, nullptr,
     "usage: totals since the load; once, unless -i is given"},
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

Result<uint32_t> parse_streams(const std::vector<std::string> &operands) {
    if (operands.empty())
        return fail(
            usage_error("no stream given: icmp, usage or all").with_hint("ebpf-read --help"));
    uint32_t streams = 0;
    for (const std::string &name : operands) {
        if (name == "icmp")
            streams |= bit_icmp;
        else if (name == "usage")
            streams |= bit_usage;
        else if (name == "all")
            streams |= bit_icmp | bit_usage;
        else
            return fail(usage_error("no stream '" + name + "': there are icmp, usage and all")
                            .with_hint("ebpf-read --help"));
    }
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

// A filter that a stream cannot have would show nothing of it, or all: neither is what was meant.
Result<void> agree(const Parsed &parsed, Request &request) {
    constexpr int of_usage[] = {opt_pid, opt_comm, opt_port, opt_by, opt_interval, opt_since_load};
    constexpr int of_icmp[] = {opt_if, opt_direction, opt_community_id};
    const auto refuse = [&](std::span<const int> ids, uint32_t bit, const char *stream) {
        for (const int id : ids)
            for (const Option &option : options)
                if (option.id == id && parsed.has(id) && !(request.streams & bit))
                    return std::string(stream) + " has no " +
                           (option.letter ? std::string("-") + option.letter
                                          : std::string("--") + option.name);
        return std::string();
    };
    std::string wrong;
    if (!(request.streams & bit_usage))
        wrong = refuse(of_usage, bit_usage, "icmp");
    else if (!(request.streams & bit_icmp))
        wrong = refuse(of_icmp, bit_icmp, "usage");
    constexpr int filters[] = {opt_pid, opt_comm, opt_port};
    for (const int id : filters)
        if (request.streams & bit_icmp && parsed.has(id))
            wrong = refuse(filters, 0, "icmp");
    if (request.streams & bit_usage && parsed.has(opt_if))
        wrong = "usage has no --if";
    if (request.streams == bit_icmp)
        for (const std::string &proto : request.protos)
            if (proto != "icmp" && proto != "icmpv6")
                wrong = "icmp has no --proto " + proto;
    if (!wrong.empty())
        return fail(usage_error(wrong));
    if (!parsed.has(opt_interval) && !request.since_load)
        request.interval = 1'000'000'000;
    return {};
}

Result<void> take(Request &request, const Parsed::Given &given) {
    switch (given.id) {
    case opt_host: {
        if (request.host)
            return fail(usage_error("--host can be given once"));
        auto prefix = parse_prefix(given.value);
        if (!prefix)
            return fail(prefix.error());
        request.host = *prefix;
        return {};
    }
    case opt_proto: {
        return take_protocols(request, given.value);
    }
    case opt_if:
        for (std::string &name : split(given.value)) {
            if (name.empty() || name.size() > 15)
                return fail(usage_error("'" + name + "' is no name of an interface"));
            request.interfaces.push_back(std::move(name));
        }
        return {};
    case opt_direction:
        if (given.value == "out")
            return fail(usage_error("icmp cannot show --direction out: XDP sees what is received"));
        if (given.value != "in")
            return fail(usage_error("--direction takes in, not '" + given.value + "'"));
        return {};
    case opt_pid:
    case opt_comm:
    case opt_port: return take_process(request, given);
    case opt_by:
        if (given.value != "port")
            return fail(usage_error("--by takes port, not '" + given.value + "'"));
        request.by_port = true;
        return {};
    case opt_interval: {
        auto interval = parse_seconds("-i", given.value);
        if (!interval)
            return fail(interval.error());
        request.interval = *interval;
        return {};
    }
    case opt_since_load: request.since_load = true; return {};
    case opt_count: {
        auto count = parse_number("-n", given.value, 1, INT64_MAX);
        if (!count)
            return fail(count.error());
        request.count = *count;
        return {};
    }
    case opt_time: {
        auto time = parse_seconds("-t", given.value);
        if (!time)
            return fail(time.error());
        request.duration = *time;
        return {};
    }
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
        "group is enough. Streams: icmp (ICMP and ICMPv6 as received), usage (bytes of each "
        "process),\n"
        "all.",
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
