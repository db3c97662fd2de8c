// SPDX-License-Identifier: MIT
// The forms of a report: a table for people, lines of JSON, CSV.
#pragma once

#include "tools/store/line.h"
#include "tools/store/options.h"

#include <map>
#include <memory>
#include <vector>

namespace pinpipe::store {

// What a report is about.
struct Heading {
    By by = By::process;
    bool series = false;      // rows of several intervals
    int64_t from = 0, to = 0; // microseconds; where none was asked for, of what there is
    int64_t cell = 0;         // length of what each mark of a sparkline stands for; 0: none
};

struct ReportRow {
    std::string key; // in the bytes that it came in
    bool known = false;
    int64_t from = 0, to = 0;
    Sums sums;
    std::vector<uint64_t> marks; // bytes of each cell of the sparkline
};

struct Ending {
    Sums total;
    Sums others;                          // of rows that are left out
    size_t left = 0;                      // how many
    std::map<std::string, uint64_t> lost; // events in that time, by stream
};

// One way to write a report: each part follows the one before, and is appended to `out`.
class Printer {
public:
    virtual ~Printer() = default;
    virtual void begin(const Heading &heading, std::string &out) = 0;
    virtual void row(const ReportRow &row, std::string &out) = 0;
    virtual void end(const Ending &ending, std::string &out) = 0;
};

std::unique_ptr<Printer> make_printer(Format format, bool utf8);

// A field of RFC 4180; what terminals act on, and what is no UTF-8, as \xHH.
std::string csv_field(std::string_view text);

} // namespace pinpipe::store
