// SPDX-License-Identifier: MIT
#include "lib/base/terminal_text.h"

#include <cstdio>
#include <cwchar>

namespace pinpipe {
namespace {

struct Character {
    wchar_t code;
    size_t length; // bytes; 0: invalid UTF-8
};

// Shortest form only, no surrogates, at most U+10FFFF.
Character decode(std::string_view s) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned first = byte(0);
    if (first < 0x80)
        return {static_cast<wchar_t>(first), 1};
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || s.size() < length)
        return {0, 0};
    unsigned code = first & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte(i) & 0xc0) != 0x80)
            return {0, 0};
        code = code << 6 | (byte(i) & 0x3f);
    }
    constexpr unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return {0, 0};
    return {static_cast<wchar_t>(code), length};
}

// Columns of a character on a terminal; -1: it must not be shown.
int columns(wchar_t c) {
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || is_direction_mark(static_cast<unsigned>(c)))
        return -1;
    if (c < 0x7f || c == 0xfffd)
        return 1;
    return wcwidth(c);
}

// A copy of text in which replace(out, bytes) writes for each character that must not be shown.
template <class Replace> std::string without_harm(std::string_view text, Replace replace) {
    std::string out;
    while (!text.empty()) {
        const Character c = decode(text);
        const size_t length = c.length ? c.length : 1;
        if (c.length && columns(c.code) > 0)
            out.append(text.substr(0, length));
        else
            replace(out, text.substr(0, length));
        text.remove_prefix(length);
    }
    return out;
}

std::string scaled(double value, double base, const char *const *names, size_t count) {
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < count) {
        value /= base;
        unit++;
    }
    char text[64];
    const int digits = unit == 0 || value >= 99.95 ? 0 : 1;
    std::snprintf(text, sizeof text, "%.*f%s", digits, value, names[unit]);
    return text;
}

} // namespace

std::string harmless(std::string_view text) {
    return without_harm(text, [](std::string &out, std::string_view) { out += "\xef\xbf\xbd"; });
}

std::string escaped(std::string_view text) {
    return without_harm(text, [](std::string &out, std::string_view bytes) {
        constexpr char digits[] = "0123456789abcdef";
        for (const char c : bytes)
            out += {'\\', 'x', digits[c >> 4 & 15], digits[c & 15]};
    });
}

size_t width_of(std::string_view text) {
    size_t width = 0;
    while (!text.empty()) {
        const Character c = decode(text);
        const int one = c.length ? columns(c.code) : 1;
        width += one > 0 ? static_cast<size_t>(one) : 0;
        text.remove_prefix(c.length ? c.length : 1);
    }
    return width;
}

std::string fitted(std::string_view text, size_t width, bool right) {
    const size_t whole = width_of(text);
    if (whole <= width) {
        const std::string space(width - whole, ' ');
        return right ? space + std::string(text) : std::string(text) + space;
    }
    if (width == 0)
        return "";
    std::string out;
    size_t used = 0;
    while (!text.empty()) {
        const Character c = decode(text);
        const size_t length = c.length ? c.length : 1;
        const size_t next = width_of(text.substr(0, length));
        if (used + next > width - 1)
            break;
        out.append(text.substr(0, length));
        used += next;
        text.remove_prefix(length);
    }
    return out + std::string(width - 1 - used, ' ') + "~";
}

const char *units_name(Units units) {
    switch (units) {
    case Units::binary: return "B/s";
    case Units::bits: return "bit/s";
    case Units::bytes: break;
    }
    return "bytes";
}

std::string rate_text(double bytes, Units units) {
    static constexpr const char *binary[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    static constexpr const char *decimal[] = {"bit",  "kbit", "Mbit", "Gbit",
                                              "Tbit", "Pbit", "Ebit"};
    if (units == Units::binary)
        return scaled(bytes, 1024, binary, std::size(binary));
    if (units == Units::bits)
        return scaled(bytes * 8, 1000, decimal, std::size(decimal));
    char text[400];
    std::snprintf(text, sizeof text, "%.0f", bytes);
    return text;
}

std::string amount_text(uint64_t bytes, Units units) {
    if (units == Units::bytes)
        return std::to_string(bytes);
    return rate_text(static_cast<double>(bytes), units);
}

} // namespace pinpipe
