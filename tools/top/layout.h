// Rows as lines of text, for a terminal or a file.
#pragma once

#include "lib/terminal_text.h"
#include "tools/top/table.h"

namespace pinpipe::top {

struct View {
    By by = By::process;
    Column sort = Column::received_rate;
    bool ascending = false;
    Units units = Units::binary;
    std::string filter;
};

// Columns that a view has, in their order.
std::vector<Column> columns_of(By by);
const char *column_name(Column column);

// The heading of the table, and one line a row; both exactly width columns. width 0: as wide as it
// takes.
std::string heading(const View &view, size_t width);
std::string row_text(const Row &row, const View &view, size_t width);

// "03:29:27  3 processes  sent 1.0KiB/s  received ..." in harmless text.
std::string summary_text(const Summary &summary, const View &view);

} // namespace pinpipe::top
