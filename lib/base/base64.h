// SPDX-License-Identifier: MIT
// Base64 of RFC 4648, section 4, with padding.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinpipe {

constexpr size_t base64_size(size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

// Writes base64_size(size) characters; returns the end.
inline char *put_base64(char *to, const unsigned char *bytes, size_t size) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        const unsigned word =
            static_cast<unsigned>(bytes[at] << 16 | (at + 1 < size ? bytes[at + 1] << 8 : 0) |
                                  (at + 2 < size ? bytes[at + 2] : 0));
        *to++ = digits[word >> 18];
        *to++ = digits[word >> 12 & 63];
        *to++ = at + 1 < size ? digits[word >> 6 & 63] : '=';
        *to++ = at + 2 < size ? digits[word & 63] : '=';
    }
    return to;
}

// Decodes text; empty: it is not in the form that put_base64() writes (padded, no blanks, unused
// bits zero).
inline std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    if (text.size() % 4)
        return {};
    std::string bytes;
    unsigned word = 0, bits = 0;
    for (const char c : text.substr(0, text.size() - padding)) {
        const size_t digit = digits.find(c);
        if (digit == digits.npos)
            return {};
        word = word << 6 | static_cast<unsigned>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(word >> bits & 255);
        }
    }
    if (word & ((1U << bits) - 1))
        return {};
    return bytes;
}

} // namespace pinpipe
