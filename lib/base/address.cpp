// SPDX-License-Identifier: MIT
#include "lib/base/address.h"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>

namespace pinpipe {
namespace {

// The decimal text of every byte, with a dot behind it if it fits into four characters, and the
// number of digits.
struct Decimal {
    char text[4];
};

struct Decimals {
    std::array<Decimal, 256> text{};
    std::array<unsigned char, 256> length{};
};

constexpr Decimals make_decimals() {
    Decimals d;
    for (unsigned n = 0; n < 256; n++) {
        unsigned at = 0;
        if (n >= 100)
            d.text[n].text[at++] = static_cast<char>('0' + n / 100);
        if (n >= 10)
            d.text[n].text[at++] = static_cast<char>('0' + n / 10 % 10);
        d.text[n].text[at++] = static_cast<char>('0' + n % 10);
        d.length[n] = static_cast<unsigned char>(at);
        if (at < 4)
            d.text[n].text[at] = '.';
    }
    return d;
}

constexpr Decimals decimals = make_decimals();

char *write_group(char *to, unsigned group) {
    constexpr char digits[] = "0123456789abcdef";
    if (group >= 0x1000)
        *to++ = digits[group >> 12];
    if (group >= 0x100)
        *to++ = digits[group >> 8 & 15];
    if (group >= 0x10)
        *to++ = digits[group >> 4 & 15];
    *to++ = digits[group & 15];
    return to;
}

// The longest run of two or more zero groups, the first of equally long ones: RFC 5952, 4.2.
struct Run {
    int start = -1;
    int length = 1;
};

Run longest_zeros(const unsigned groups[8]) {
    Run best, now{-1, 0};
    for (int i = 0; i < 8; i++) {
        if (groups[i]) {
            now = {-1, 0};
            continue;
        }
        if (now.start < 0)
            now.start = i;
        if (++now.length > best.length)
            best = now;
    }
    return best;
}

} // namespace

char *write_ipv4(char *to, const __u8 bytes[4]) {
    for (int i = 0; i < 4; i++) {
        std::memcpy(to, decimals.text[bytes[i]].text, 4);
        to += decimals.length[bytes[i]];
        *to++ = '.';
    }
    return to - 1;
}

char *write_ipv6(char *to, const __u8 bytes[16]) {
    unsigned groups[8];
    for (int i = 0; i < 8; i++, bytes += 2)
        groups[i] = static_cast<unsigned>(bytes[0] << 8 | bytes[1]);
    const Run zeros = longest_zeros(groups);
    for (int i = 0; i < 8; i++) {
        if (i == zeros.start) {
            *to++ = ':';
            i += zeros.length - 1;
            if (i == 7)
                *to++ = ':';
            continue;
        }
        if (i)
            *to++ = ':';
        to = write_group(to, groups[i]);
    }
    return to;
}

bool is_ipv4(const union address &a) {
    return a.halves[0] == 0 && a.words[2] == htonl(0xffff);
}

char *write_address(char *to, const union address &a) {
    return is_ipv4(a) ? write_ipv4(to, a.bytes + 12) : write_ipv6(to, a.bytes);
}

std::string address_text(const union address &a) {
    char text[64];
    return std::string(text, write_address(text, a));
}

Result<Prefix> parse_prefix(const std::string &text) {
    const size_t slash = text.find('/');
    const std::string host = text.substr(0, slash);
    const auto wrong = [&](const char *why) {
        return fail(usage_error("'" + text + "' is no address or prefix: " + why));
    };

    Prefix prefix{};
    unsigned offset = 0;
    if (inet_pton(AF_INET, host.c_str(), prefix.host.bytes + 12) == 1) {
        prefix.host.words[2] = htonl(0xffff);
        offset = 96;
    } else if (inet_pton(AF_INET6, host.c_str(), prefix.host.bytes) != 1) {
        return wrong("want 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32");
    }

    unsigned length = 128 - offset;
    if (slash != std::string::npos) {
        const std::string digits = text.substr(slash + 1);
        const auto [end, bad] =
            std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (bad != std::errc() || end != digits.data() + digits.size() || length > 128 - offset)
            return wrong(offset ? "the length is 0 to 32" : "the length is 0 to 128");
    }
    for (unsigned bit = 0; bit < offset + length; bit++)
        prefix.mask.bytes[bit / 8] |= static_cast<__u8>(0x80 >> bit % 8);
    for (int i = 0; i < 16; i++)
        if (prefix.host.bytes[i] & ~prefix.mask.bytes[i])
            return wrong("bits after the prefix length are not zero");
    return prefix;
}

} // namespace pinpipe
