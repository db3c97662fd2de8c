// SPDX-License-Identifier: MIT
// Tables as plain text: columns as wide as their widest cell, with two spaces between them and none
// at the end of a line.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace pinpipe {

// Cells contain only characters of one column. right: bit N is set where column N is aligned to the
// right, as numbers are.
template <size_t Columns>
std::string text_table(const std::vector<std::array<std::string, Columns>> &rows,
                       uint64_t right = 0) {
    std::array<size_t, Columns> widths{};
    for (const auto &row : rows)
        for (size_t column = 0; column < Columns; column++)
            widths[column] = std::max(widths[column], row[column].size());
    std::string text;
    for (const auto &row : rows) {
        std::string line;
        for (size_t column = 0; column < Columns; column++) {
            const std::string fill(widths[column] - row[column].size(), ' ');
            line += (column ? "  " : "");
            line += right >> column & 1 ? fill + row[column] : row[column] + fill;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

} // namespace pinpipe
