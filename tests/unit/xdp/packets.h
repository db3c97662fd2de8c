// SPDX-License-Identifier: MIT
// Builds Ethernet frames and IP packets for the XDP tests, right and wrong ones. Every field that
// is copied into a record has different bytes, so that a wrong offset shows. Checksums are never
// right: nothing may depend on them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pinpipe::xdp_test {

using Bytes = std::vector<uint8_t>;
using Frame = std::span<const uint8_t>;

// The shortest frame that the kernel lets a test run.
inline constexpr size_t shortest_frame = 14;

Bytes operator+(Bytes head, const Bytes &tail);
void put16(Bytes &bytes, size_t at, uint16_t value); // big-endian, in place

inline constexpr uint16_t type_ipv4 = 0x0800, type_ipv6 = 0x86dd;
inline constexpr uint16_t type_vlan = 0x8100, type_service_vlan = 0x88a8;
inline constexpr uint8_t protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17;
inline constexpr uint8_t protocol_icmpv6 = 58, protocol_esp = 50, protocol_none = 59;

struct Tag {
    uint16_t type;
    uint16_t control;
};
using Tags = std::vector<Tag>;

// No tag, and each sequence of one, two and three tags of both ethertypes: 15.
const std::vector<Tags> &tag_sets();

Bytes ethernet(const Tags &tags, uint16_t type, const Bytes &payload);
Bytes ethernet(const Tags &tags, const Bytes &ip); // ethertype by the packet's version

// An ICMP header and data bytes behind it.
Bytes icmp(uint8_t type = 8, uint8_t code = 0, size_t data = 4);

inline constexpr uint16_t dont_fragment = 0x4000, more_fragments = 0x2000;

struct Ipv4 {
    unsigned option_words = 0; // 0 to 10
    uint8_t protocol = protocol_icmp;
    uint16_t fragment = 0; // flags and offset
    std::optional<uint16_t> total = {};
    std::vector<uint8_t> src = {192, 0, 2, 1};
    std::vector<uint8_t> dst = {198, 51, 100, 7};
};
Bytes ipv4(const Ipv4 &fields, const Bytes &payload = icmp());

inline constexpr uint8_t hop_by_hop = 0, routing = 43, fragment_header = 44, authentication = 51;
inline constexpr uint8_t destination = 60, mobility = 135, host_identity = 139, shim6 = 140;
inline constexpr uint8_t extension_kinds[] = {hop_by_hop,     routing,     fragment_header,
                                              authentication, destination, mobility,
                                              host_identity,  shim6};

struct Extension {
    uint8_t kind;
    uint8_t length = 0;    // the length byte; a fragment header has 8 bytes whatever it says
    uint16_t fragment = 0; // a fragment header's offset and M flag
};
using Extensions = std::vector<Extension>;

struct Ipv6 {
    Extensions chain = {};
    uint8_t last = protocol_icmpv6; // next header behind the chain
    std::optional<uint16_t> payload_length = {};
    std::vector<uint8_t> src = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    std::vector<uint8_t> dst = {0xfe, 0x80, 0,    0,    0,  0,  0,  0,
                                0xd1, 0xd2, 0xd3, 0xd4, 13, 14, 15, 16};
};
Bytes ipv6(const Ipv6 &fields, const Bytes &payload = icmp(128));

size_t extension_size(const Extension &extension);

// IP packets, one of each shape: options, fragments, extension headers, ICMP and not.
const std::vector<Bytes> &catalogue();

} // namespace pinpipe::xdp_test
