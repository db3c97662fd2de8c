// SPDX-License-Identifier: MIT
// The forms of a report: a table for people, lines of JSON, CSV.
#pragma once

#include "tools/store/line.h"
#include "tools/store/options.h"

#include <map>
#include <memory>
#include <vector>

namespace pinpipe::store {

// The range, the rows and the cells of a report.
struct Heading {
    By by = By::process;
    bool series = false;      // each row is of one of several intervals
    int64_t from = 0, to = 0; // microseconds since 1970: the range that was added up
    int64_t cell = 0; // microseconds that a mark of a sparkline stands for; 0: no sparklines
};

struct ReportRow {
    std::string key; // bytes as they came
    bool known = false;
    int64_t from = 0, to = 0;
    Sums sums;
    std::vector<uint64_t> marks; // bytes sent and received, for each cell of the sparkline
};

struct Ending {
    Sums total;
    Sums others;                          // of the rows that --top leaves out
    size_t left = 0;                      // how many rows are left out
    std::map<std::string, uint64_t> lost; // events lost in the range, by stream
};

// A form of a report. The parts are written in this order, and appended to out.
class Printer {
public:
    virtual ~Printer() = default;
    virtual void begin(const Heading &heading, std::string &out) = 0;
    virtual void row(const ReportRow &row, std::string &out) = 0;
    virtual void end(const Ending &ending, std::string &out) = 0;
};

std::unique_ptr<Printer> make_printer(Format format, bool utf8);

// A field of CSV (RFC 4180). Characters that terminals act on and bytes that are no UTF-8 become
// \xHH.
std::string csv_field(std::string_view text);

} // namespace pinpipe::store
