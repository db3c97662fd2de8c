// SPDX-License-Identifier: MIT
// Random frames: noise, and damaged packets of the catalogue. A seed gives the same frames
// everywhere.
#pragma once

#include "tests/unit/xdp/packets.h"

#include <algorithm>
#include <cstdlib>
#include <random>

namespace pinpipe::xdp_test {

inline uint64_t from_environment(const char *variable, uint64_t otherwise) {
    const char *const text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

// Avoids std::uniform_int_distribution, which differs between libraries, and two draws in one call,
// whose order differs between compilers: a seed gives the same frames everywhere.
class RandomFrames {
public:
    explicit RandomFrames(uint64_t seed) : random_(seed) {}
    uint64_t below(uint64_t limit) { return random_() % limit; }
    template <class T> const auto &one_of(const T &some) { return some[below(std::size(some))]; }

    Bytes noise() {
        Bytes frame(shortest_frame + below(150));
        for (uint8_t &b : frame)
            b = byte();
        return frame;
    }

    // Returns noise of the right length, with a plausible beginning.
    Bytes noise_in_ip() {
        Bytes packet = noise();
        const bool v6 = below(2);
        packet.resize(std::max<size_t>(packet.size(), v6 ? 40 : 20));
        packet[0] = static_cast<uint8_t>(v6 ? 0x60 : 0x45 + below(3));
        put16(packet, v6 ? 4 : 2, static_cast<uint16_t>(packet.size() - (v6 ? 40 : below(3))));
        packet[v6 ? 6 : 9] = v6 ? one_of(extension_kinds) : protocol_icmp;
        return ethernet(one_of(tag_sets()), packet);
    }

    Extension extension() {
        Extension e = {one_of(extension_kinds)};
        e.length = static_cast<uint8_t>(below(8) ? below(4) : below(40));
        e.fragment = static_cast<uint16_t>(below(2) ? below(8) : random_());
        return e;
    }

    // Returns a correctly nested packet, with any headers in any order.
    Bytes chained() {
        static constexpr uint8_t ends[] = {protocol_icmpv6, protocol_icmpv6, protocol_icmpv6,
                                           protocol_icmp,   protocol_tcp,    protocol_none};
        Ipv6 fields = {.last = one_of(ends)};
        for (uint64_t i = below(19); i > 0; i--)
            fields.chain.push_back(extension());
        const uint8_t type = byte(), code = byte();
        return ipv6(fields, icmp(type, code, below(20)));
    }

    Bytes packet() { return below(3) ? Bytes(one_of(catalogue())) : chained(); }

    void mutate(Bytes &frame) {
        static constexpr uint8_t likely[] = {0,  1,  2,  4,  6,   8,   43,  44,   50,   51,
                                             58, 59, 60, 69, 127, 128, 135, 0x81, 0x86, 255};
        const size_t at = below(frame.size());
        switch (below(8)) {
        case 0: frame[at] ^= static_cast<uint8_t>(1 << below(8)); break;
        case 1: frame[at] = byte(); break;
        case 2: frame[at] = one_of(likely); break;
        case 3: frame[at] = static_cast<uint8_t>(frame[at] + below(5) - 2); break;
        case 4: // an extra byte, which moves all bytes behind it
            frame.insert(frame.begin() + static_cast<long>(at), one_of(likely));
            break;
        case 5: frame.erase(frame.begin() + static_cast<long>(at)); break;
        case 6: frame.resize(frame.size() - below(std::min<size_t>(frame.size(), 12))); break;
        case 7: frame.resize(frame.size() + below(12)); break;
        }
    }

    Bytes mutated(Bytes frame) {
        for (uint64_t i = below(5); i > 0 && frame.size() > shortest_frame; i--)
            mutate(frame);
        if (frame.size() < shortest_frame)
            frame.resize(shortest_frame);
        return frame;
    }

    Bytes mutated_frame() {
        const Tags &tags = one_of(tag_sets());
        return mutated(ethernet(tags, packet()));
    }
    Bytes mutated_packet() { return mutated(packet()); }

private:
    uint8_t byte() { return static_cast<uint8_t>(random_()); }

    std::mt19937_64 random_;
};

} // namespace pinpipe::xdp_test
