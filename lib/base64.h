// Base64 of RFC 4648, section 4, with padding.
#pragma once

#include <cstddef>

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

} // namespace pinpipe
