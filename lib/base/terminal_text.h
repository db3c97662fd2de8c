// SPDX-License-Identifier: MIT
// Text for a terminal: what comes from outside made harmless, columns counted, numbers with units.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pinpipe {

// Characters that turn text around on a terminal.
constexpr bool is_direction_mark(unsigned code) {
    return code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

// Bytes from outside as printable UTF-8: what is none, and what a terminal could act on (controls,
// C1, direction marks, what has no width), becomes U+FFFD.
std::string harmless(std::string_view text);

// The same bytes as \xHH instead.
std::string escaped(std::string_view text);

// Columns that harmless text takes on a terminal.
size_t width_of(std::string_view text);

// Exactly width columns: cut, with the last one a '~', or filled with spaces.
std::string fitted(std::string_view text, size_t width, bool right = false);

enum class Units { binary, bits, bytes };
inline constexpr int units_count = 3;
const char *units_name(Units units); // "B/s", "bit/s", "bytes"

std::string rate_text(double bytes_per_second, Units units);
std::string amount_text(uint64_t bytes, Units units);

} // namespace pinpipe
