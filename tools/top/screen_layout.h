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
    bool grows; // takes a share of the spare width
    bool spare; // left out if the line is too narrow for all columns
};

// The columns of a view in order, without spare ones if they do not fit into width. width 0: all.
std::vector<Shape> shapes_of(By by, size_t width = 0);

// The column that a view is sorted by: the one asked for, or received/s if the view lacks it.
Column sorted_by(const View &view);

// The table's heading, and the line of a row; both exactly width columns; 0: as wide as needed.
std::string heading(const View &view, size_t width);
std::string row_text(const Row &row, const View &view, size_t width);

// The line above the table: "03:29:27  3 processes  sent 1.0KiB/s  received ...". Bytes from
// outside are made harmless().
std::string summary_text(const Summary &summary, const View &view);

} // namespace pinpipe::top
