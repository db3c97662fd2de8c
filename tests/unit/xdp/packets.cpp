// SPDX-License-Identifier: MIT
#include "tests/unit/xdp/packets.h"

#include <array>

namespace pinpipe::xdp_test {

Bytes operator+(Bytes head, const Bytes &tail) {
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

void put16(Bytes &bytes, size_t at, uint16_t value) {
    bytes.at(at) = static_cast<uint8_t>(value >> 8);
    bytes.at(at + 1) = static_cast<uint8_t>(value);
}

const std::vector<Tags> &tag_sets() {
    static const std::vector<Tags> sets = [] {
        std::vector<Tags> all{{}};
        for (size_t i = 0; i < all.size(); i++) {
            const Tags shorter = all[i];
            if (shorter.size() == 3)
                break;
            for (uint16_t type : {type_vlan, type_service_vlan}) {
                const auto control = static_cast<uint16_t>(0xa123 + 0x1111 * shorter.size());
                all.push_back(shorter);
                all.back().push_back({type, control});
            }
        }
        return all;
    }();
    return sets;
}

Bytes ethernet(const Tags &tags, uint16_t type, const Bytes &payload) {
    Bytes header{0x02, 0, 0, 0, 0, 0x0a, 0x02, 0, 0, 0, 0, 0x0b};
    header.reserve(header.size() + 4 * tags.size() + 2 + payload.size());
    const auto append = [&](uint16_t value) {
        header.push_back(static_cast<uint8_t>(value >> 8));
        header.push_back(static_cast<uint8_t>(value));
    };
    for (const Tag &tag : tags) {
        append(tag.type);
        append(tag.control);
    }
    append(type);
    return std::move(header) + payload;
}

Bytes ethernet(const Tags &tags, const Bytes &ip) {
    return ethernet(tags, ip.at(0) >> 4 == 6 ? type_ipv6 : type_ipv4, ip);
}

Bytes icmp(uint8_t type, uint8_t code, size_t data) {
    Bytes message{type, code, 0xc5, 0xc6, 0xde, 0xad, 0xbe, 0xef};
    for (size_t i = 0; i < data; i++)
        message.push_back(static_cast<uint8_t>(0x30 + i));
    return message;
}

Bytes ipv4(const Ipv4 &fields, const Bytes &payload) {
    Bytes header{0x40, 0xfc, 0, 0, 0x1d, 0x2d, 0, 0, 61, fields.protocol, 0xba, 0xd1};
    header.insert(header.end(), fields.src.begin(), fields.src.end());
    header.insert(header.end(), fields.dst.begin(), fields.dst.end());
    for (unsigned i = 0; i < 4 * fields.option_words; i++)
        header.push_back(static_cast<uint8_t>(0x80 + i));
    header[0] |= static_cast<uint8_t>(header.size() / 4);
    const auto size = static_cast<uint16_t>(header.size() + payload.size());
    put16(header, 2, fields.total.value_or(size));
    put16(header, 6, fields.fragment);
    return std::move(header) + payload;
}

size_t extension_size(const Extension &extension) {
    if (extension.kind == fragment_header)
        return 8;
    if (extension.kind == authentication)
        return (extension.length + 2u) * 4;
    return (extension.length + 1u) * 8;
}

static Bytes extension_bytes(const Extension &extension, uint8_t next) {
    Bytes bytes{next, extension.length};
    while (bytes.size() < extension_size(extension))
        bytes.push_back(static_cast<uint8_t>(0x90 + bytes.size()));
    if (extension.kind == fragment_header)
        put16(bytes, 2, extension.fragment);
    return bytes;
}

Bytes ipv6(const Ipv6 &fields, const Bytes &payload) {
    Bytes body;
    for (size_t i = 0; i < fields.chain.size(); i++) {
        const bool more = i + 1 < fields.chain.size();
        const uint8_t next = more ? fields.chain[i + 1].kind : fields.last;
        body = std::move(body) + extension_bytes(fields.chain[i], next);
    }
    body = std::move(body) + payload;
    const uint8_t first = fields.chain.empty() ? fields.last : fields.chain.front().kind;
    Bytes header{0x6f, 0xed, 0xcb, 0xa9, 0, 0, first, 62};
    header.insert(header.end(), fields.src.begin(), fields.src.end());
    header.insert(header.end(), fields.dst.begin(), fields.dst.end());
    put16(header, 4, fields.payload_length.value_or(static_cast<uint16_t>(body.size())));
    return std::move(header) + body;
}

static void add_ipv4(std::vector<Bytes> &all) {
    const uint16_t fragments[] = {0, dont_fragment, more_fragments, more_fragments | 5, 185};
    for (unsigned words = 0; words <= 10; words++)
        for (uint16_t fragment : fragments)
            for (uint8_t protocol : {protocol_icmp, protocol_udp})
                all.push_back(ipv4({words, protocol, fragment}));
    for (uint8_t protocol : {protocol_icmpv6, protocol_tcp, authentication, hop_by_hop})
        all.push_back(ipv4({.protocol = protocol}));
}

static void add_ipv6(std::vector<Bytes> &all) {
    for (uint8_t last : {protocol_icmpv6, protocol_icmp, protocol_tcp, protocol_esp, protocol_none})
        all.push_back(ipv6({.last = last}));
    for (uint8_t kind : extension_kinds) {
        for (uint8_t length : std::to_array<uint8_t>({0, 1, 2, 5}))
            all.push_back(ipv6({.chain = {{kind, length}}}));
        all.push_back(ipv6({.chain = {{kind, 1}}, .last = protocol_tcp}));
    }
    for (uint16_t fragment : std::to_array<uint16_t>({0x0001, 0x0006, 0x0008, 0x0009, 0xfff8}))
        for (uint8_t last : {protocol_icmpv6, protocol_udp, destination}) {
            all.push_back(ipv6({.chain = {{fragment_header, 0, fragment}}, .last = last}));
            all.push_back(
                ipv6({.chain = {{routing}, {fragment_header, 0, fragment}}, .last = last}));
        }
    for (uint16_t fragment : std::to_array<uint16_t>({0x0000, 0x0001, 0x0008}))
        all.push_back(ipv6({.chain = {{fragment_header, 0, fragment}, {destination, 1}, {shim6}}}));
    for (uint8_t last : {protocol_icmpv6, protocol_esp, protocol_none})
        all.push_back(
            ipv6({.chain = {{hop_by_hop}, {authentication, 3}, {destination}}, .last = last}));
    for (size_t count : {15U, 16U, 17U})
        all.push_back(ipv6({.chain = Extensions(count, {destination})}));
}

const std::vector<Bytes> &catalogue() {
    static const std::vector<Bytes> packets = [] {
        std::vector<Bytes> all;
        add_ipv4(all);
        add_ipv6(all);
        return all;
    }();
    return packets;
}

} // namespace pinpipe::xdp_test
