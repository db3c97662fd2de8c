// SPDX-License-Identifier: MIT
#include "tests/unit/xdp/oracle.h"

#include <algorithm>

namespace pinpipe::xdp_test {
namespace {

constexpr size_t largest_length_field = 65535; // longer packets say 0 (jumbograms)
constexpr int most_extensions = 16;

uint16_t be16(Frame bytes, size_t at) {
    return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

union address mapped(Frame ipv4) {
    union address a = {};
    a.bytes[10] = a.bytes[11] = 0xff;
    std::copy(ipv4.begin(), ipv4.end(), a.bytes + 12);
    return a;
}

union address whole(Frame ipv6) {
    union address a = {};
    std::copy(ipv6.begin(), ipv6.end(), a.bytes);
    return a;
}

Meaning understand_ipv4(Frame data, icmp_record record) {
    if (data.size() < 20)
        return {Kind::truncated};
    const unsigned version = data[0] / 16, header = data[0] % 16 * 4;
    const bool jumbo = be16(data, 2) == 0 && data.size() > largest_length_field;
    const size_t length = jumbo ? data.size() : be16(data, 2);
    if (version != 4 || header < 20 || length < header)
        return {Kind::malformed};
    if (length > data.size())
        return {Kind::truncated};
    const Frame packet = data.first(length);
    record.length = static_cast<__u32>(length);
    record.ttl = packet[8];
    record.src = mapped(packet.subspan(12, 4));
    record.dst = mapped(packet.subspan(16, 4));
    if (be16(packet, 6) % 8192 > 0)
        return {Kind::later, packet[9], record};
    if (packet[6] & 0x20)
        record.flags |= PACKET_FIRST_FRAGMENT;
    return {Kind::whole, packet[9], record, packet.subspan(header)};
}

bool is_extension(uint8_t protocol) {
    return std::ranges::find(extension_kinds, protocol) != std::end(extension_kinds);
}

// Takes one header off rest in each turn, until there is no extension header.
Meaning understand_chain(uint8_t next, Frame rest, icmp_record record) {
    for (int seen = 0; is_extension(next); seen++) {
        if (seen == most_extensions || rest.size() < 8)
            return {Kind::malformed};
        size_t size = (rest[1] + 1u) * 8;
        if (next == authentication)
            size = (rest[1] + 2u) * 4;
        if (next == fragment_header) {
            size = 8;
            if (be16(rest, 2) >> 3 != 0)
                return {Kind::later, rest[0], record};
            if (rest[3] & 1)
                record.flags |= PACKET_FIRST_FRAGMENT;
        }
        if (rest.size() < size)
            return {Kind::malformed};
        next = rest[0];
        rest = rest.subspan(size);
    }
    return {Kind::whole, next, record, rest};
}

Meaning understand_ipv6(Frame data, icmp_record record) {
    if (data.size() < 40)
        return {Kind::truncated};
    if (data[0] / 16 != 6)
        return {Kind::malformed};
    const bool jumbo = be16(data, 4) == 0 && data.size() > largest_length_field;
    const size_t length = jumbo ? data.size() : be16(data, 4) + 40u;
    if (length > data.size())
        return {Kind::truncated};
    record.flags |= PACKET_IPV6;
    record.length = static_cast<__u32>(length);
    record.ttl = data[7];
    record.src = whole(data.subspan(8, 16));
    record.dst = whole(data.subspan(24, 16));
    return understand_chain(data[6], data.first(length).subspan(40), record);
}

Meaning understand_raw(Frame frame) {
    const unsigned version = frame.empty() ? 0 : frame[0] / 16;
    if (version == 4)
        return understand_ipv4(frame, {});
    if (version == 6)
        return understand_ipv6(frame, {});
    return {frame.empty() ? Kind::truncated : Kind::other};
}

Meaning understand_ethernet(Frame frame) {
    if (frame.size() < 14)
        return {Kind::truncated};
    icmp_record record = {};
    uint16_t type = be16(frame, 12);
    Frame payload = frame.subspan(14);
    unsigned tags = 0;
    while ((type == type_vlan || type == type_service_vlan) && tags < 2) {
        if (payload.size() < 4)
            return {Kind::truncated};
        record.vlan[tags++] = be16(payload, 0);
        type = be16(payload, 2);
        payload = payload.subspan(4);
    }
    record.flags = static_cast<__u8>(tags);
    if (type == type_ipv4)
        return understand_ipv4(payload, record);
    if (type == type_ipv6)
        return understand_ipv6(payload, record);
    return {};
}

Verdict message(Frame body, icmp_record record) {
    if (body.size() < 8)
        return {Outcome::malformed};
    record.type = body[0];
    record.code = body[1];
    std::copy_n(body.begin() + 4, 4, record.rest);
    return {Outcome::message, record};
}

bool within(const union address &a, const packet_filter &filter) {
    for (int i = 0; i < 16; i++)
        if ((a.bytes[i] & filter.host_mask.bytes[i]) !=
            (filter.host.bytes[i] & filter.host_mask.bytes[i]))
            return false;
    return true;
}

} // namespace

Meaning understand(Frame frame, Link link) {
    return link == Link::raw_ip ? understand_raw(frame) : understand_ethernet(frame);
}

Ports ports_of(const Meaning &meaning) {
    constexpr uint8_t with_ports[] = {6, 17, 33, 132, 136};
    if (meaning.kind != Kind::whole)
        return {meaning.kind};
    if (std::ranges::find(with_ports, meaning.protocol) == std::end(with_ports))
        return {};
    if (meaning.body.size() < (meaning.protocol == protocol_tcp ? 20 : 8))
        return {Kind::malformed};
    return {Kind::whole, be16(meaning.body, 0), be16(meaning.body, 2)};
}

Verdict judge(Frame frame, Link link) {
    const Meaning meaning = understand(frame, link);
    const bool v6 = meaning.record.flags & PACKET_IPV6;
    const bool is_icmp = meaning.protocol == (v6 ? protocol_icmpv6 : protocol_icmp);
    switch (meaning.kind) {
    case Kind::malformed: return {Outcome::malformed};
    case Kind::truncated: return {Outcome::truncated};
    case Kind::later: return {is_icmp ? Outcome::later_fragment : Outcome::ignored};
    case Kind::whole: return is_icmp ? message(meaning.body, meaning.record) : Verdict{};
    default: return {};
    }
}

bool matches(const packet_filter &filter, const icmp_record &record, uint8_t hook) {
    const unsigned version = record.flags & PACKET_IPV6 ? 6 : 4;
    return (filter.hooks >> hook) % 2 == 1 && (filter.versions >> version) % 2 == 1 &&
           (within(record.src, filter) || within(record.dst, filter));
}

std::string name(Outcome outcome) {
    static const char *const names[outcomes] = {"ignored", "malformed", "truncated",
                                                "later fragment", "message"};
    return names[static_cast<size_t>(outcome)];
}

} // namespace pinpipe::xdp_test
