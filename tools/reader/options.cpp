#include "tools/reader/options.h"

#include <cstdint>
#include <sstream>

namespace pinpipe::reader {
namespace {

enum : int {
    opt_host = own_options,
    opt_proto,
    opt_if,
    opt_direction,
    opt_count,
    opt_time,
    opt_host_name,
    opt_community_id
};

constexpr Option options[] = {
    {opt_host, "host", 0, "ADDR[/LEN]", "only packets from or to this address or prefix"},
    {opt_proto, "proto", 0, "PROTO[,PROTO]", "only these protocols: icmp, icmpv6"},
    {opt_if, "if", 0, "IFACE[,IFACE]", "only packets received on these interfaces"},
    {opt_direction, "direction", 0, "in",
     "packets are seen as they are received: in is all there is"},
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
        return fail(usage_error("no stream given: icmp or all").with_hint("ebpf-read --help"));
    uint32_t streams = 0;
    for (const std::string &name : operands) {
        if (name != "icmp" && name != "all")
            return fail(usage_error("no stream '" + name + "': there are icmp and all")
                            .with_hint("ebpf-read --help"));
        streams |= 1U << STREAM_ICMP;
    }
    return streams;
}

Result<unsigned> parse_protocols(const std::string &list) {
    unsigned versions = 0;
    for (const std::string &name : split(list)) {
        if (name == "icmp")
            versions |= 1U << 4;
        else if (name == "icmpv6")
            versions |= 1U << 6;
        else
            return fail(usage_error("--proto takes icmp or icmpv6, not '" + name + "'"));
    }
    return versions;
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
        auto versions = parse_protocols(given.value);
        if (!versions)
            return fail(versions.error());
        request.versions = *versions;
        return {};
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
        "group is enough. Streams: icmp (ICMP and ICMPv6 as received), all.",
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
    for (const Parsed::Given &given : parsed.options)
        if (auto taken = take(request, given); !taken)
            return fail(std::move(taken.error()).with_hint("ebpf-read --help"));
    return request;
}

} // namespace pinpipe::reader
