// SPDX-License-Identifier: MIT
#include "tools/reader/filter.h"

#include <algorithm>

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

} // namespace

bool leaves_out_self(const Request &request) {
    return !request.include_self && request.pids.empty() && request.comms.empty();
}

socket_filter socket_filter_of(const Request &request, uint32_t payload, const Pipeline *own) {
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
    if (own)
        own->write_to(filter);
    return filter;
}

bool none_or_within(const std::vector<PortRange> &ranges, uint16_t port) {
    return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const PortRange &range) {
               return port >= range.first && port <= range.last;
           });
}

} // namespace pinpipe::reader
