// SPDX-License-Identifier: MIT
// What the programs should make of a packet, worked out a second time, slowly, in user space.
// Shares nothing with them but the ABI, so that one mistake does not pass twice.
#pragma once

#include "bpf/abi/control.h"
#include "bpf/abi/events.h"
#include "tests/unit/xdp/packets.h"

#include <string>

namespace pinpipe::xdp_test {

enum class Link { ethernet, raw_ip }; // what frames begin with

enum class Outcome {
    ignored, // neither recorded nor counted
    malformed,
    truncated,
    later_fragment, // of an ICMP packet: only these are counted
    message,
};
inline constexpr size_t outcomes = 5;

struct Verdict {
    Outcome outcome = Outcome::ignored;
    icmp_record record = {}; // of a message; what record_header has is zero
};

// What a packet means to whoever looks at it, as enum parsed of bpf/packet/fields.h has it.
enum class Kind { whole, later, other, malformed, truncated };

struct Meaning {
    Kind kind = Kind::other;
    uint8_t protocol = 0;    // of what the IP packet carries; of whole and later
    icmp_record record = {}; // addresses, length, ttl, tags, flags; of whole and later
    Frame body = {};         // what the IP packet carries; of whole
};

// Where a frame is wrong in two ways: what is missing of a fixed header (a VLAN tag's 4 bytes,
// IPv4's 20, IPv6's 40) makes it truncated, whatever the rest holds; then what a header says
// against itself makes it malformed; then a frame that is shorter than the packet in it is
// truncated.
Meaning understand(Frame frame, Link link);

// Kind::other: a protocol without ports.
struct Ports {
    Kind kind = Kind::other;
    uint16_t source = 0, destination = 0;
};
Ports ports_of(const Meaning &meaning);

Verdict judge(Frame frame, Link link);

bool matches(const packet_filter &filter, const icmp_record &record, uint8_t hook);

std::string name(Outcome outcome);

} // namespace pinpipe::xdp_test
