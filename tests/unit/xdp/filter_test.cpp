// SPDX-License-Identifier: MIT
// Filters: of several readers at once, each gets exactly what it asked for.
#include "tests/unit/xdp/fixture.h"

#include <algorithm>
#include <random>

namespace pinpipe::xdp_test {
namespace {

constexpr uint8_t own_hook = 37;

union address address_of(const std::vector<uint8_t> &bytes) {
    union address a = {};
    if (bytes.size() == 4)
        a.bytes[10] = a.bytes[11] = 0xff;
    std::copy(bytes.begin(), bytes.end(), a.bytes + 16 - bytes.size());
    return a;
}

packet_filter host(const std::vector<uint8_t> &bytes, unsigned prefix) {
    packet_filter filter = any_packet();
    filter.host = address_of(bytes);
    const unsigned bits = bytes.size() == 4 ? 96 + prefix : prefix;
    for (unsigned i = 0; i < bits; i++)
        filter.host_mask.bytes[i / 8] |= static_cast<__u8>(0x80 >> i % 8);
    return filter;
}

packet_filter hooks(uint64_t bits) {
    packet_filter filter = any_packet();
    filter.hooks = bits;
    return filter;
}

packet_filter versions(uint64_t bits) {
    packet_filter filter = any_packet();
    filter.versions = bits;
    return filter;
}

const std::vector<uint8_t> v4_hosts[] = {{192, 0, 2, 1},    {192, 0, 2, 2}, {192, 0, 3, 1},
                                         {198, 51, 100, 7}, {0, 0, 0, 0},   {255, 255, 255, 255}};
const std::vector<uint8_t> v6_hosts[] = {
    {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
    {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
    {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1},
    {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, // IPv4-mapped on the wire
};

class XdpFilter : public XdpOracleTest {
protected:
    // Every pair of the hosts above, both ways.
    void every_pair() {
        for (const auto &src : v4_hosts)
            for (const auto &dst : v4_hosts)
                ASSERT_TRUE(agrees(ethernet({}, ipv4({.src = src, .dst = dst}))));
        for (const auto &src : v6_hosts)
            for (const auto &dst : v6_hosts)
                ASSERT_TRUE(agrees(ethernet({}, ipv6({.src = src, .dst = dst}))));
    }
};

TEST_F(XdpFilter, EightReaders) {
    const packet_filter filters[] = {
        host(v4_hosts[0], 32),  host(v4_hosts[0], 24),   host(v4_hosts[3], 0),
        host(v6_hosts[0], 128), host(v6_hosts[0], 64),   host(v6_hosts[4], 128),
        versions(1 << 6),       hooks(1ULL << own_hook),
    };
    for (unsigned slot = 0; slot < std::size(filters); slot++)
        ask(slot, filters[slot]);
    every_pair();
}

TEST_F(XdpFilter, EveryReaderAndEveryPrefix) {
    for (unsigned prefix = 0; prefix <= 128; prefix += 32) {
        for (unsigned slot = 0; slot < MAX_READERS; slot++)
            ask(slot, host(v6_hosts[0], prefix + slot));
        ASSERT_NO_FATAL_FAILURE(every_pair());
        if (prefix == 96)
            break;
    }
    for (unsigned slot = 0; slot < MAX_READERS; slot++)
        ask(slot, host(v4_hosts[slot % 2], slot + 1));
    every_pair();
}

TEST_F(XdpFilter, TheLastReaderAlone) {
    ask_no_more(0);
    ask(MAX_READERS - 1, host(v4_hosts[0], 32));
    every_pair();
    EXPECT_GT(object().losses(MAX_READERS - 1).written[STREAM_ICMP], 0u);
}

TEST_F(XdpFilter, EachHookBit) {
    for (unsigned first = 0; first < MAX_HOOKS; first += MAX_READERS) {
        for (unsigned slot = 0; slot < MAX_READERS; slot++)
            ask(slot, hooks(1ULL << (first + slot)));
        every_pair();
        for (unsigned slot = 0; slot < MAX_READERS; slot++)
            ask(slot, hooks(~(1ULL << (first + slot))));
        every_pair();
    }
}

TEST_F(XdpFilter, EachVersionBit) {
    for (unsigned first = 0; first < 64; first += MAX_READERS) {
        for (unsigned slot = 0; slot < MAX_READERS; slot++)
            ask(slot, versions(1ULL << (first + slot)));
        every_pair();
        for (unsigned slot = 0; slot < MAX_READERS; slot++)
            ask(slot, versions(~(1ULL << (first + slot))));
        every_pair();
    }
}

TEST_F(XdpFilter, ConditionsAreAllNeeded) {
    packet_filter filter = host(v4_hosts[0], 32);
    filter.versions = 1 << 6; // an IPv4 host among IPv6 packets: only its mapped address matches
    ask(1, filter);
    filter = host(v4_hosts[0], 32);
    filter.hooks = 0;
    ask(2, filter);
    ask(3, packet_filter{});
    every_pair();
}

TEST_F(XdpFilter, EachBitOfTheMask) {
    for (unsigned first = 0; first < 128; first += MAX_READERS) {
        for (unsigned slot = 0; slot < MAX_READERS; slot++) {
            packet_filter filter = any_packet();
            filter.host_mask.bytes[(first + slot) / 8] = static_cast<__u8>(0x80 >> slot % 8);
            ask(slot, filter);
        }
        every_pair();
    }
}

// Bits of the host outside the mask mean nothing, and a mask need not be a prefix.
TEST_F(XdpFilter, RandomHostsAndMasks) {
    std::mt19937 random(7);
    for (int round = 0; round < 50; round++) {
        for (unsigned slot = 0; slot < MAX_READERS; slot++) {
            packet_filter filter =
                host(v6_hosts[random() % 6], static_cast<unsigned>(random() % 129));
            if (random() % 2)
                filter = host(v4_hosts[random() % 6], static_cast<unsigned>(random() % 33));
            filter.host.bytes[random() % 16] ^= static_cast<__u8>(random());
            filter.host_mask.bytes[random() % 16] &= static_cast<__u8>(random());
            ask(slot, filter);
        }
        ASSERT_NO_FATAL_FAILURE(every_pair());
    }
}

TEST_F(XdpFilter, ReadersComeAndGo) {
    std::mt19937 random(8);
    for (unsigned slot = 0; slot < MAX_READERS; slot++)
        ask(slot);
    const Bytes frame = ethernet({}, ipv4({}));
    for (int round = 0; round < 1000; round++) {
        const auto asking = static_cast<uint32_t>(random() | 1);
        for (unsigned slot = 0; slot < MAX_READERS; slot++)
            object().control(slot).icmp.hooks = asking >> slot & 1 ? ~0ULL : 0;
        object().wanted().readers[STREAM_ICMP] = asking | static_cast<uint32_t>(random());
        ASSERT_TRUE(agrees(frame));
    }
}

// A packet that cannot be parsed has no address to filter by: it is counted if any reader asks.
TEST_F(XdpFilter, CountersTakeNoNotice) {
    ask(0, packet_filter{});
    for (const Bytes &packet : catalogue())
        ASSERT_TRUE(agrees_cut(ethernet({}, packet)));
    EXPECT_GT(seen(Outcome::later_fragment), 0u);
}

} // namespace
} // namespace pinpipe::xdp_test
