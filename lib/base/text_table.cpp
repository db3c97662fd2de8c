// SPDX-License-Identifier: MIT
#include "lib/base/text_table.h"

#include "lib/base/terminal_text.h"

#include <algorithm>

namespace pinpipe {

std::string text_line(std::span<const TextColumn> columns, const std::vector<std::string> &cells) {
    std::string line;
    size_t blanks = 0; // written before the next text, if there is any
    for (size_t i = 0; i < std::min(columns.size(), cells.size()); i++) {
        const TextColumn &column = columns[i];
        const size_t width = width_of(cells[i]);
        const size_t fill = column.width > width ? column.width - width : 0;
        const bool right = column.align == Align::right;
        blanks += (i ? column.gap : 0) + (right ? fill : 0);
        if (!cells[i].empty()) {
            line.append(blanks, ' ') += cells[i];
            blanks = 0;
        }
        blanks += right ? 0 : fill;
    }
    return line + "\n";
}

std::string text_heading(std::span<const TextColumn> columns) {
    std::vector<std::string> names;
    for (const TextColumn &column : columns)
        names.push_back(column.name);
    return text_line(columns, names);
}

std::string text_table(std::vector<TextColumn> columns,
                       const std::vector<std::vector<std::string>> &rows) {
    for (TextColumn &column : columns)
        column.width = std::max(column.width, width_of(column.name));
    for (const auto &row : rows)
        for (size_t i = 0; i < std::min(columns.size(), row.size()); i++)
            columns[i].width = std::max(columns[i].width, width_of(row[i]));
    std::string text = text_heading(columns);
    for (const auto &row : rows)
        text += text_line(columns, row);
    return text;
}

} // namespace pinpipe
