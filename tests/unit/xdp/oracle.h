// SPDX-License-Identifier: MIT
// Computes in user space, slowly, what the programs should make of a packet. Shares only the ABI
// with them, so that one mistake does not pass twice.
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

// The meaning of a packet to every program, as in enum parsed of bpf/packet/header_fields.h.
enum class Kind { whole, later, other, malformed, truncated };

struct Meaning {
    Kind kind = Kind::other;
    uint8_t protocol = 0;    // of what the IP packet carries; of whole and later
    icmp_record record = {}; // addresses, length, ttl, tags, flags; of whole and later
    Frame body = {};         // what the IP packet carries; of whole
};

// If a frame is wrong in two ways, the first of these holds: a fixed header that is cut short (a
// VLAN tag's 4 bytes, IPv4's 20, IPv6's 40) makes it truncated, whatever the rest holds; a header
// that contradicts itself makes it malformed; a frame that is shorter than its packet is truncated.
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
