// SPDX-License-Identifier: MIT
#include "lib/rules/remote_list.h"

#include "bpf/abi/rules.h"
#include "lib/base/address.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

namespace pinpipe {
namespace {

constexpr const char *loopback_prefixes[] = {"127.0.0.0/8", "0.0.0.0", "::1", "::"};
constexpr const char *lan_prefixes[] = {
    "10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
    "169.254.0.0/16", "224.0.0.0/4",   "fc00::/7",       "255.255.255.255",
    "fe80::/10",      "fec0::/10",     "ff00::/8",
};
constexpr const char *everything[] = {"0.0.0.0/0", "::/0"};

unsigned bits_of(const Prefix &prefix) {
    unsigned bits = 0;
    for (const __u8 byte : prefix.mask.bytes)
        bits += static_cast<unsigned>(std::popcount(byte));
    return bits;
}

bool has(const ListedPrefix &prefix, const union address &address) {
    for (unsigned bit = 0; bit < prefix.bits; bit += 8) {
        const unsigned left = std::min(8U, prefix.bits - bit);
        const auto mask = static_cast<__u8>(0xff00U >> left);
        if ((prefix.address.bytes[bit / 8] ^ address.bytes[bit / 8]) & mask)
            return false;
    }
    return true;
}

// IPv4 addresses are ::ffff:a.b.c.d, but no part of an IPv6 prefix.
void add(std::vector<ListedPrefix> &to, const Prefix &prefix, bool in) {
    to.push_back({prefix.host, bits_of(prefix), in});
    const Prefix ipv4 = *parse_prefix(everything[0]);
    const ListedPrefix mapped{ipv4.host, bits_of(ipv4), !in};
    if (to.back().bits < mapped.bits && has(to.back(), mapped.address))
        to.push_back(mapped);
}

template <size_t N>
void add(std::vector<ListedPrefix> &to, const char *const (&prefixes)[N], bool in) {
    for (const char *prefix : prefixes)
        add(to, *parse_prefix(prefix), in);
}

// The prefixes of one word or prefix, by itself.
Result<std::vector<ListedPrefix>> prefixes_of_word(const std::string &word) {
    std::vector<ListedPrefix> prefixes;
    if (word == "loopback") {
        add(prefixes, loopback_prefixes, true);
    } else if (word == "lan") {
        add(prefixes, lan_prefixes, true);
    } else if (word == "internet") {
        const Prefix ipv6 = *parse_prefix(everything[1]);
        prefixes.push_back({ipv6.host, 0, true});
        add(prefixes, loopback_prefixes, false);
        add(prefixes, lan_prefixes, false);
    } else {
        const auto prefix = parse_prefix(word);
        if (!prefix)
            return fail(usage_error(prefix.error().text + ", or loopback, lan, internet"));
        add(prefixes, *prefix, true);
    }
    return prefixes;
}

bool is_on(const std::vector<ListedPrefix> &prefixes, const ListedPrefix &what) {
    const ListedPrefix *longest = nullptr;
    for (const ListedPrefix &one : prefixes)
        if (one.bits <= what.bits && has(one, what.address) &&
            (!longest || one.bits > longest->bits))
            longest = &one;
    return longest && longest->in;
}

// A prefix as it is always written.
std::string canonical(const Prefix &prefix) {
    const unsigned offset = is_ipv4(prefix.host) && bits_of(prefix) >= 96 ? 96 : 0;
    const unsigned bits = bits_of(prefix);
    return address_text(prefix.host) + (bits == 128 ? "" : "/" + std::to_string(bits - offset));
}

std::vector<std::string> split(const std::string &list) {
    std::vector<std::string> words;
    for (size_t at = 0; at <= list.size();) {
        const size_t comma = std::min(list.find(',', at), list.size());
        words.push_back(list.substr(at, comma - at));
        at = comma + 1;
    }
    return words;
}

} // namespace

Result<std::string> remote_list(const std::vector<std::string> &words) {
    std::set<std::string> distinct;
    for (const std::string &several : words) {
        for (const std::string &word : split(several)) {
            if (const auto known = prefixes_of_word(word); !known)
                return fail(known.error());
            const auto prefix = parse_prefix(word);
            distinct.insert(prefix ? canonical(*prefix) : word);
        }
    }
    std::string list;
    for (const std::string &word : distinct)
        list += (list.empty() ? "" : ",") + word;
    if (list.size() >= REMOTE_TEXT)
        return fail(usage_error("remote ends of one rule are " + std::to_string(list.size()) +
                                " bytes of text: at most " + std::to_string(REMOTE_TEXT - 1)));
    return list;
}

std::vector<ListedPrefix> prefixes_of(const std::string &list) {
    std::vector<std::vector<ListedPrefix>> words;
    std::vector<ListedPrefix> all;
    for (const std::string &word : split(list))
        if (auto prefixes = prefixes_of_word(word))
            words.push_back(std::move(*prefixes));
    for (const auto &word : words) {
        for (ListedPrefix prefix : word) {
            const bool known = std::any_of(all.begin(), all.end(), [&](const ListedPrefix &other) {
                return other.bits == prefix.bits && has(other, prefix.address);
            });
            if (known)
                continue;
            prefix.in = std::any_of(words.begin(), words.end(),
                                    [&](const auto &one) { return is_on(one, prefix); });
            all.push_back(prefix);
        }
    }
    return all;
}

const char *word_of(const union address &address) {
    // Made once: readers of events ask for each denial.
    static const auto loopback = *prefixes_of_word("loopback");
    static const auto lan = *prefixes_of_word("lan");
    const ListedPrefix whole{address, 128, true};
    return is_on(loopback, whole) ? "loopback" : is_on(lan, whole) ? "lan" : "internet";
}

} // namespace pinpipe
