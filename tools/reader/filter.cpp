#include "tools/reader/filter.h"

#include <algorithm>
#include <cstring>

namespace pinpipe::reader {
namespace {

uint8_t protocols_of(const Request &request) {
    constexpr std::pair<const char *, uint8_t> bits[] = {{"tcp", PROTOCOL_TCP},
                                                         {"udp", PROTOCOL_UDP},
                                                         {"udplite", PROTOCOL_UDPLITE},
                                                         {"mptcp", PROTOCOL_MPTCP}};
    unsigned wanted = 0;
    for (const auto &[name, bit] : bits)
        if (request.protos.empty() ||
            std::find(request.protos.begin(), request.protos.end(), name) != request.protos.end())
            wanted |= bit;
    if (request.protos.empty())
        wanted |= PROTOCOL_OTHER; // of deny
    return static_cast<uint8_t>(wanted);
}

bool in_prefix(const union address &a, const socket_filter &f) {
    return ((a.halves[0] ^ f.host.halves[0]) & f.host_mask.halves[0]) == 0 &&
           ((a.halves[1] ^ f.host.halves[1]) & f.host_mask.halves[1]) == 0;
}

} // namespace

bool leaves_out_self(const Request &request) {
    return !request.include_self && request.pids.empty() && request.comms.empty();
}

socket_filter socket_filter_of(const Request &request, uint32_t payload,
                               std::optional<uint32_t> session) {
    socket_filter filter{};
    if (request.host) {
        filter.host = request.host->host;
        filter.host_mask = request.host->mask;
    }
    for (const std::string &comm : request.comms)
        comm.copy(reinterpret_cast<char *>(filter.comms[filter.comm_count++]), 15);
    for (const uint32_t pid : request.pids)
        filter.pids[filter.pid_count++] = pid;
    for (const PortRange &range : request.ports)
        filter.ports[filter.port_count++] = {range.first, range.last};
    filter.protocols = protocols_of(request);
    filter.directions = static_cast<uint8_t>(request.directions);
    filter.payload = request.payload ? payload : 0;
    filter.others_only = session.has_value();
    filter.session = session.value_or(0);
    return filter;
}

bool passes(const socket_filter &f, const socket_record &r) {
    if (!in_prefix(r.local, f) && !in_prefix(r.remote, f))
        return false;
    if (!(f.protocols & r.protocol) || !(f.directions >> (r.flags & SOCKET_OUT) & 1))
        return false;
    if (f.others_only && f.session == r.process.session)
        return false;
    const auto none_or = [](unsigned count, const auto &list, auto matches) {
        return count == 0 || std::any_of(list, list + count, matches);
    };
    return none_or(f.pid_count, f.pids, [&](__u32 pid) { return pid == r.process.pid; }) &&
           none_or(f.comm_count, f.comms,
                   [&](const auto &comm) { return std::memcmp(comm, r.process.comm, 16) == 0; }) &&
           none_or(f.port_count, f.ports, [&](const port_range &range) {
               return (r.local_port >= range.first && r.local_port <= range.last) ||
                      (r.remote_port >= range.first && r.remote_port <= range.last);
           });
}

bool none_or_within(const std::vector<PortRange> &ranges, uint16_t port) {
    return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const PortRange &range) {
               return port >= range.first && port <= range.last;
           });
}

} // namespace pinpipe::reader
