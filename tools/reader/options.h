// What ebpf-read was asked for.
#pragma once

#include "lib/address.h"
#include "lib/options.h"

#include <optional>

namespace pinpipe::reader {

struct Request {
    std::string pin_root;
    uint32_t streams = 0; // bit N: stream N
    std::optional<Prefix> host;
    unsigned versions = 1U << 4 | 1U << 6; // bit 4: icmp, bit 6: icmpv6
    std::vector<std::string> interfaces;   // empty: all
    uint64_t count = 0;                    // events to stop after; 0: no such end
    int64_t duration = 0;                  // nanoseconds to stop after; 0: no such end
    bool host_name = false;
    bool community_id = false;
    bool verbose = false;
};

extern const Usage usage;

// Checks operands and options against each other and against what each stream can be filtered by.
Result<Request> read_request(const Parsed &parsed);

} // namespace pinpipe::reader
