// SPDX-License-Identifier: MIT
// SHA-1 written after FIPS 180-4, to compare a library's with.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace pinpipe {

inline std::array<uint8_t, 20> slow_sha1(std::vector<uint8_t> message) {
    const uint64_t bits = message.size() * 8;
    message.push_back(0x80);
    while (message.size() % 64 != 56)
        message.push_back(0);
    for (int shift = 56; shift >= 0; shift -= 8)
        message.push_back(static_cast<uint8_t>(bits >> shift));

    std::array<uint32_t, 5> h = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (size_t block = 0; block < message.size(); block += 64) {
        std::array<uint32_t, 80> w{};
        for (size_t i = 0; i < 64; i++)
            w[i / 4] = w[i / 4] << 8 | message[block + i];
        for (size_t t = 16; t < 80; t++)
            w[t] = std::rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
        auto [a, b, c, d, e] = h;
        for (size_t t = 0; t < 80; t++) {
            const uint32_t f = t < 20   ? (b & c) | (~b & d)
                               : t < 40 ? b ^ c ^ d
                               : t < 60 ? (b & c) | (b & d) | (c & d)
                                        : b ^ c ^ d;
            constexpr uint32_t k[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
            const uint32_t next = std::rotl(a, 5) + f + e + k[t / 20] + w[t];
            e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    std::array<uint8_t, 20> digest{};
    for (size_t i = 0; i < digest.size(); i++)
        digest[i] = static_cast<uint8_t>(h[i / 4] >> (24 - i % 4 * 8));
    return digest;
}

} // namespace pinpipe
