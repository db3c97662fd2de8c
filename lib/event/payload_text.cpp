// SPDX-License-Identifier: MIT
#include "lib/event/message_fields.h"

namespace pinpipe {
namespace {

constexpr char digits[] = "0123456789abcdef";

char *put_byte(char *to, char c) {
    *to++ = digits[static_cast<unsigned char>(c) >> 4];
    *to++ = digits[c & 15];
    return to;
}

} // namespace

char *put_hex(char *to, std::span<const char> bytes) {
    for (const char c : bytes)
        to = put_byte(to, c);
    return to;
}

char *put_printable(char *to, std::span<const char> bytes) {
    for (const char c : bytes) {
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
            *to++ = c;
        else if (c == '"')
            to = put(to, "\\\"");
        else
            to = put_byte(put(to, "\\\\x"), c);
    }
    return to;
}

} // namespace pinpipe
