// SPDX-License-Identifier: MIT
// Text for a terminal: makes text from outside harmless, counts columns, writes numbers with units.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pinpipe {

// Whether a character changes the direction of text on a terminal.
constexpr bool is_direction_mark(unsigned code) {
    return code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

// Bytes from outside as printable UTF-8: invalid bytes, and characters that a terminal could act on
// (controls, C1, direction marks, characters without width), become U+FFFD.
std::string harmless(std::string_view text);

// The same, with these bytes as \xHH.
std::string escaped(std::string_view text);

// The columns that text from harmless() takes on a terminal.
size_t width_of(std::string_view text);

// The text in exactly width columns: cut, with a '~' in the last one, or filled with spaces.
std::string fitted(std::string_view text, size_t width, bool right = false);

enum class Units { binary, bits, bytes };
inline constexpr int units_count = 3;
const char *units_name(Units units); // "B/s", "bit/s", "bytes"

std::string rate_text(double bytes_per_second, Units units);
std::string amount_text(uint64_t bytes, Units units);

} // namespace pinpipe
