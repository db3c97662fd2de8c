// SPDX-License-Identifier: MIT
// Rows as lines of text, for a terminal or a file.
#pragma once

#include "lib/base/terminal_text.h"
#include "tools/top/table.h"

#include <span>

namespace pinpipe::top {

struct View {
    By by = By::process;
    Column sort = Column::received_rate;
    bool ascending = false;
    Units units = Units::binary;
    std::string filter;
};

struct Shape {
    Column column;
    const char *name;
    size_t width;
    bool right;
    bool grows; // takes what is left of the line
    bool spare; // left out of a line that is too narrow for all
};

// Columns that a view has, in their order: those that fit into width. width 0: all.
std::vector<Shape> shapes_of(By by, size_t width = 0);

// The column that a view is sorted by: the one asked for, or received/s where it is not there.
Column sorted_by(const View &view);

// The heading of the table, and one line a row; both exactly width columns. width 0: as wide as it
// takes.
std::string heading(const View &view, size_t width);
std::string row_text(const Row &row, const View &view, size_t width);

// "03:29:27  3 processes  sent 1.0KiB/s  received ..." in harmless text.
std::string summary_text(const Summary &summary, const View &view);

} // namespace pinpipe::top
