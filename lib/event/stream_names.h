// SPDX-License-Identifier: MIT
// Names of the streams, on the command line and in event_type.
#pragma once

#include "bpf/abi/events.h"

namespace pinpipe {

inline constexpr const char *stream_names[STREAMS] = {"icmp", "tcp",  "udp",   "conn",
                                                      "bind", "deny", "usage", "ports"};

// Streams that come through rings.
inline constexpr uint32_t event_streams = 1U << STREAM_ICMP | 1U << STREAM_TCP | 1U << STREAM_UDP |
                                          1U << STREAM_CONN | 1U << STREAM_BIND | 1U << STREAM_DENY;
// Streams of the socket probes.
inline constexpr uint32_t socket_streams =
    1U << STREAM_TCP | 1U << STREAM_UDP | 1U << STREAM_CONN | 1U << STREAM_BIND;

} // namespace pinpipe
