// SPDX-License-Identifier: MIT
#include "lib/event/json_line.h"

#include "lib/base/terminal_text.h"

#include <rapidjson/writer.h>

namespace pinpipe {
namespace {

struct Decoded {
    unsigned code;
    size_t length; // bytes; 0: invalid UTF-8
};

// Decodes the character at the start of s: shortest form only, no surrogates, at most U+10FFFF.
Decoded decode(std::string_view s) {
    const auto byte = [&](size_t i) { return unsigned{static_cast<unsigned char>(s[i])}; };
    const auto follows = [&](size_t i) { return i < s.size() && (byte(i) & 0xc0) == 0x80; };

    const unsigned first = byte(0);
    if (first < 0x80)
        return {first, 1};
    if (first >= 0xc2 && first < 0xe0 && follows(1))
        return {(first & 0x1f) << 6 | (byte(1) & 0x3f), 2};
    if (first >= 0xe0 && first < 0xf0 && follows(1) && follows(2)) {
        const unsigned code = (first & 0xf) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
        return {code, code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 3U : 0U};
    }
    if (first >= 0xf0 && first < 0xf5 && follows(1) && follows(2) && follows(3)) {
        const unsigned code =
            (first & 7) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
        return {code, code >= 0x10000 && code <= 0x10ffff ? 4U : 0U};
    }
    return {0, 0};
}

} // namespace

std::string json_string(std::string_view bytes) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    std::string clean;
    for (size_t at = 0; at < bytes.size();) {
        const Decoded c = decode(bytes.substr(at));
        if (c.length)
            clean.append(bytes.substr(at, c.length));
        else
            clean.append("\xef\xbf\xbd");
        at += c.length ? c.length : 1;
    }
    writer.String(clean.data(), static_cast<rapidjson::SizeType>(clean.size()));

    // RapidJSON escapes what JSON requires; terminals also act on DEL, C1 and direction marks.
    const std::string_view text(buffer.GetString(), buffer.GetSize());
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const Decoded c = decode(text.substr(at));
        if ((c.code >= 0x7f && c.code <= 0x9f) || is_direction_mark(c.code)) {
            constexpr char digits[] = "0123456789abcdef";
            out += "\\u";
            for (int shift = 12; shift >= 0; shift -= 4)
                out += digits[c.code >> shift & 15];
        } else {
            out.append(text.substr(at, c.length));
        }
        at += c.length;
    }
    return out;
}

// Outside of strings JSON has no control characters but white space. Inside of strings only DEL and
// C1 may stand unescaped, and may as well be escaped.
void append_json_line(std::string &out, std::string_view json) {
    constexpr char digits[] = "0123456789abcdef";
    for (size_t at = 0; at < json.size(); at++) {
        const auto c = static_cast<unsigned char>(json[at]);
        const bool c1 =
            c == 0xc2 && at + 1 < json.size() && static_cast<unsigned char>(json[at + 1]) < 0xa0;
        const auto code = c1 ? static_cast<unsigned char>(json[++at]) : c;
        if (c1 || c == 0x7f)
            out += {'\\', 'u', '0', '0', digits[code >> 4], digits[code & 15]};
        else
            out += c == '\t' || c == '\r' ? ' ' : static_cast<char>(c);
    }
    out += '\n';
}

} // namespace pinpipe
