// SPDX-License-Identifier: MIT
// Lists of remote ends: as they are written, and which addresses are on them.
#include "lib/rules/remote_list.h"

#include "bpf/abi/rules.h"
#include "lib/base/address.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <random>

namespace pinpipe {
namespace {

std::string list(const std::vector<std::string> &words) {
    const auto made = remote_list(words);
    return made ? *made : "error: " + made.error().text;
}

union address address(const std::string &text) {
    return parse_prefix(text)->host;
}

bool has_prefix(const union address &a, const union address &prefix, unsigned bits) {
    for (unsigned bit = 0; bit < bits; bit++)
        if ((a.bytes[bit / 8] ^ prefix.bytes[bit / 8]) & (0x80U >> bit % 8))
            return false;
    return true;
}

// As the kernel's trie finds it: by the longest prefix.
bool is_on(const std::string &list, const union address &a) {
    bool on = false;
    int longest = -1;
    for (const ListedPrefix &one : prefixes_of(list))
        if (has_prefix(a, one.address, one.bits) && static_cast<int>(one.bits) > longest) {
            longest = static_cast<int>(one.bits);
            on = one.in;
        }
    return on;
}

TEST(RemoteList, IsWrittenInOneWay) {
    EXPECT_EQ(list({"lan"}), "lan");
    EXPECT_EQ(list({"lan", "10.0.0.0/8,lan", "::1/128"}), "10.0.0.0/8,::1,lan");
    EXPECT_EQ(list({"192.0.2.7/32"}), "192.0.2.7");
    EXPECT_EQ(list({"::ffff:10.0.0.0/104"}), "10.0.0.0/8") << "IPv4, however it is written";
    EXPECT_EQ(list({"2001:DB8:0::/32"}), "2001:db8::/32");
    EXPECT_EQ(list({"::/0", "0.0.0.0/0"}), "0.0.0.0/0,::/0");
}

TEST(RemoteList, WhatIsWrongIsSaid) {
    for (const char *word : {"", "LAN", "10.0.0.0/33", "10.0.0.1/8", "lan,", ",lan", "1.2.3",
                             "::/129", "10.0.0.0/", "10.0.0.0/8/8", "lan internet"})
        EXPECT_EQ(list({word}).substr(0, 7), "error: ") << word;
    std::vector<std::string> many;
    for (int i = 0; i < 40; i++)
        many.push_back("10.0." + std::to_string(i) + ".0/24");
    EXPECT_NE(list(many).find("at most 255"), std::string::npos);
}

TEST(RemoteList, WordsShareOutAllAddresses) {
    const std::pair<const char *, const char *> known[] = {
        {"127.0.0.1", "loopback"},
        {"127.255.255.255", "loopback"},
        {"::1", "loopback"},
        {"0.0.0.0", "loopback"},
        {"::", "loopback"},
        {"10.1.2.3", "lan"},
        {"172.31.255.255", "lan"},
        {"172.32.0.0", "internet"},
        {"192.168.0.1", "lan"},
        {"100.64.0.1", "lan"},
        {"100.128.0.1", "internet"},
        {"169.254.1.1", "lan"},
        {"224.0.0.251", "lan"},
        {"255.255.255.255", "lan"},
        {"fe80::1", "lan"},
        {"fd00::1", "lan"},
        {"ff02::fb", "lan"},
        {"8.8.8.8", "internet"},
        {"2001:4860::8888", "internet"},
        {"::2", "internet"},
        {"0.0.0.1", "internet"},
    };
    for (const auto &[text, word] : known) {
        EXPECT_STREQ(word_of(address(text)), word) << text;
        for (const char *other : {"loopback", "lan", "internet"})
            EXPECT_EQ(is_on(other, address(text)), std::string(other) == word) << text << other;
    }
}

TEST(RemoteList, IPv6IsWithoutIPv4) {
    EXPECT_TRUE(is_on("::/0", address("2001:db8::1")));
    EXPECT_FALSE(is_on("::/0", address("10.0.0.1")));
    EXPECT_TRUE(is_on("::/0,10.0.0.0/8", address("10.0.0.1")));
    EXPECT_FALSE(is_on("::/0,10.0.0.0/8", address("11.0.0.1")));
    EXPECT_FALSE(is_on("0.0.0.0/0", address("2001:db8::1")));
    EXPECT_TRUE(is_on("0.0.0.0/0", address("11.0.0.1")));
}

// Random lists: an address is on a list if it is on any of its words by itself.
TEST(RemoteList, IsTheUnionOfItsWords) {
    std::mt19937 random(4711);
    const std::vector<std::string> words = {
        "loopback",       "lan",       "internet",   "10.0.0.0/8",    "10.77.0.0/16",
        "10.77.5.5",      "0.0.0.0/0", "::/0",       "127.0.0.0/30",  "fe80::/64",
        "fc00::/7",       "8.0.0.0/7", "8.8.8.0/24", "2001:db8::/32", "2001:db8::/33",
        "192.168.0.0/17", "::/1",      "8000::/1",
    };
    const std::vector<std::string> addresses = {
        "127.0.0.1", "127.0.0.5",   "10.0.0.1",        "10.77.1.1", "10.77.5.5", "8.8.8.8",
        "9.9.9.9",   "192.168.1.1", "192.168.200.1",   "fe80::1",   "fd00::1",   "2001:db8::1",
        "::1",       "::",          "2001:db8:8000::", "2003::1",   "ff02::1",   "200.1.1.1",
    };
    for (int round = 0; round < 500; round++) {
        std::vector<std::string> chosen;
        for (unsigned i = 0; i <= random() % 5; i++)
            chosen.push_back(words[random() % words.size()]);
        const std::string all = list(chosen);
        for (const std::string &text : addresses) {
            const bool expected = std::any_of(chosen.begin(), chosen.end(), [&](const auto &word) {
                return is_on(word, address(text));
            });
            EXPECT_EQ(is_on(all, address(text)), expected) << all << " and " << text;
        }
    }
}

} // namespace
} // namespace pinpipe
