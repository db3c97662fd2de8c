// SPDX-License-Identifier: MIT
// Tables as plain text, for people: a heading, rows below it, and no blanks at the end of a line.
//
// Cells are text that harmless() or printable() returned; they are measured in columns of a
// terminal. ebpf-top lays its lines out by itself: they are cut to the width of the terminal.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace pinpipe {

enum class Align { left, right };

struct TextColumn {
    std::string name; // in the heading
    Align align = Align::left;
    size_t width = 0; // at least; a wider cell pushes the rest of its line to the right
    size_t gap = 2;   // blanks before it, unless it is the first column
};

// A line with its newline. Cells that are missing at the end are empty.
std::string text_line(std::span<const TextColumn> columns, const std::vector<std::string> &cells);
std::string text_heading(std::span<const TextColumn> columns);

// The heading and all rows; each column is as wide as its widest cell.
std::string text_table(std::vector<TextColumn> columns,
                       const std::vector<std::vector<std::string>> &rows);

} // namespace pinpipe
