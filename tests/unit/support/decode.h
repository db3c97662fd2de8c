// SPDX-License-Identifier: MIT
// Decoders of UTF-8 and of JSON strings that share nothing with RapidJSON or the code under test.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinpipe {

// Returns the length of the UTF-8 character at the start of s, by table 3-7 of the Unicode
// Standard; 0 if there is none.
inline size_t utf8_length(std::string_view s) {
    struct Row {
        unsigned char first_low, first_high, second_low, second_high;
        size_t length;
    };
    constexpr Row rows[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const auto at = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
    for (const Row &row : rows) {
        if (s.empty() || at(0) < row.first_low || at(0) > row.first_high)
            continue;
        if (s.size() < row.length)
            return 0;
        if (row.length > 1 && (at(1) < row.second_low || at(1) > row.second_high))
            return 0;
        for (size_t i = 2; i < row.length; i++)
            if (at(i) < 0x80 || at(i) > 0xbf)
                return 0;
        return row.length;
    }
    return 0;
}

inline bool is_utf8(std::string_view s) {
    while (!s.empty()) {
        const size_t length = utf8_length(s);
        if (!length)
            return false;
        s.remove_prefix(length);
    }
    return true;
}

// Replaces every byte that is not UTF-8 by U+FFFD.
inline std::string with_replacements(std::string_view s) {
    std::string out;
    while (!s.empty()) {
        const size_t length = utf8_length(s);
        out += length ? std::string(s.substr(0, length)) : "\xef\xbf\xbd";
        s.remove_prefix(length ? length : 1);
    }
    return out;
}

// Decodes a JSON string with its quotes to UTF-8; returns nothing if it is not one. Knows all of
// RFC 8259, except \u of a surrogate, which no output needs.
inline std::optional<std::string> decode_json(std::string_view s) {
    constexpr std::string_view plain = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    constexpr std::string_view digits = "0123456789abcdef";
    if (s.size() < 2 || s.front() != '"' || s.back() != '"')
        return {};
    s = s.substr(1, s.size() - 2);
    std::string out;
    for (size_t i = 0; i < s.size(); i++) {
        if (s[i] == '"' || static_cast<unsigned char>(s[i]) < 0x20)
            return {};
        if (s[i] != '\\') {
            out += s[i];
            continue;
        }
        if (++i == s.size())
            return {};
        if (const size_t which = plain.find(s[i]); which != plain.npos) {
            out += meant[which];
            continue;
        }
        if (s[i] != 'u' || s.size() - i < 5)
            return {};
        unsigned code = 0;
        for (size_t digit = 1; digit <= 4; digit++) {
            const size_t value = digits.find(static_cast<char>(s[i + digit] | 0x20));
            if (value == digits.npos)
                return {};
            code = code << 4 | static_cast<unsigned>(value);
        }
        i += 4;
        if (code >= 0xd800 && code < 0xe000)
            return {};
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xc0 | code >> 6);
            out += static_cast<char>(0x80 | (code & 63));
        } else {
            out += static_cast<char>(0xe0 | code >> 12);
            out += static_cast<char>(0x80 | (code >> 6 & 63));
            out += static_cast<char>(0x80 | (code & 63));
        }
    }
    return is_utf8(out) ? std::optional(out) : std::nullopt;
}

// Returns the position in s of a character that a terminal acts upon (C0, DEL, or C1 as UTF-8), or
// s.npos.
inline size_t find_control(std::string_view s) {
    for (size_t i = 0; i < s.size(); i++) {
        const auto byte = static_cast<unsigned char>(s[i]);
        const bool c1 = byte == 0xc2 && i + 1 < s.size() &&
                        static_cast<unsigned char>(s[i + 1]) >= 0x80 &&
                        static_cast<unsigned char>(s[i + 1]) < 0xa0;
        if (byte < 0x20 || byte == 0x7f || c1)
            return i;
    }
    return s.npos;
}

} // namespace pinpipe
