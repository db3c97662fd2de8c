// SPDX-License-Identifier: MIT
// What ebpf-read was asked for.
#pragma once

#include "lib/base/address.h"
#include "lib/base/options.h"

#include <cstdint>
#include <optional>

namespace pinpipe::reader {

struct PortRange {
    uint16_t first, last;
};

struct Request {
    std::string pin_root;
    uint32_t streams = 0; // bit N: stream N
    bool all = false;     // those of them that are loaded
    std::optional<Prefix> host;
    unsigned versions = 1U << 4 | 1U << 6; // bit 4: icmp, bit 6: icmpv6
    std::vector<std::string> interfaces;   // empty: all
    std::vector<uint32_t> pids;            // these four: empty: all
    std::vector<std::string> comms;
    std::vector<std::string> protos;
    std::vector<PortRange> ports;
    bool by_port = false;
    bool since_load = false;
    int64_t interval = 0; // nanoseconds, of snapshot streams; 0: one snapshot
    uint64_t count = 0;   // events to stop after; 0: no such end
    int64_t duration = 0; // nanoseconds to stop after; 0: no such end
    bool host_name = false;
    bool community_id = false;
    unsigned directions = 3;   // bit 0: in, bit 1: out
    bool payload = true;       // of messages, as far as it was loaded
    bool hex = false;          // payload as hexadecimal digits
    bool include_self = false; // also events of the reader's own pipeline
    bool verbose = false;
};

extern const Usage usage;

// Checks operands and options against each other and against what each stream can be filtered by.
Result<Request> read_request(const Parsed &parsed);

} // namespace pinpipe::reader
