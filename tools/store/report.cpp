// SPDX-License-Identifier: MIT
#include "tools/store/report.h"

#include "lib/base/output.h"
#include "tools/store/keys.h"
#include "tools/store/printers.h"
#include "tools/store/sparkline.h"
#include "tools/store/time_text.h"
#include "tools/store/totals.h"

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <langinfo.h>
#include <unordered_set>

namespace pinpipe::store {
namespace {

constexpr size_t most_intervals = 100'000;
constexpr size_t most_with_marks = 1000; // rows; more have no sparkline
constexpr size_t block = 64 << 10;

class Report {
public:
    Report(Database database, const Request &request)
        : database_(std::move(database)),
          request_(request),
          printer_(make_printer(request.format, std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0)) {
        if (MB_CUR_MAX == 1) // names are UTF-8, whatever the locale
            std::setlocale(LC_CTYPE, "C.UTF-8");
    }

    Result<void> run();

private:
    using Add = std::function<Result<void>(int64_t time, int64_t key, const Sums &sums)>;
    Result<void> each(int64_t from, int64_t to, Level coarsest, const Add &add);
    void choose_range();
    Result<void> sum_up();
    Result<void> pick();
    Result<void> print_rows();
    Result<void> print_series();
    Result<void> mark(std::vector<ReportRow> &rows);
    Result<void> read_lost();
    Result<Written> print(const ReportRow &row);
    Result<Written> flush();
    void use_borders(std::vector<int64_t> &moments) const;

    Database database_; // declared before all members that hold its statements
    const Request &request_;
    std::unique_ptr<Printer> printer_;
    std::optional<Reading> reading_;
    std::optional<Keys> keys_;
    Totals totals_;
    Heading heading_;
    bool opens_ = false, closes_ = false; // nothing is stored before, behind the range
    std::vector<Totals::Row> picked_;     // the largest
    bool all_picked_ = false;
    Ending ending_;
    std::string out_;
};

// Where only sums are left, the range is widened to their borders, so that the heading says exactly
// which range was added up. At an end with nothing stored outside, each() asks for whole days, so
// that the coarsest rows answer.
void Report::choose_range() {
    const int64_t begin = reading_->begin(), end = reading_->end();
    const auto border = [&](int64_t time) {
        return time <= begin || time >= end ? time : next_border(time, reading_->horizon());
    };
    heading_.from = border(request_.since.value_or(begin));
    heading_.to = std::max(heading_.from, border(request_.until.value_or(end)));
    opens_ = heading_.from <= begin;
    closes_ = heading_.to >= end;
}

// Calls add for the rows that pass the filter, with their key.
Result<void> Report::each(int64_t from, int64_t to, Level coarsest, const Add &add) {
    constexpr int64_t unit = level_unit[day];
    if (from == heading_.from && opens_)
        from = from / unit * unit;
    if (to == heading_.to && closes_)
        to = (to / unit + 1) * unit;
    Result<void> result;
    const auto read =
        reading_->each(from, to, keys_->with_remotes(), coarsest, [&](const Reading::Row &row) {
            if (!result)
                return;
            const auto answer = keys_->of(row);
            if (!answer)
                result = fail(answer.error());
            else if (answer->wanted)
                result = add(row.time, answer->key, row.sums);
        });
    return read ? result : read;
}

Result<void> Report::sum_up() {
    return each(heading_.from, heading_.to, day,
                [&](int64_t, int64_t key, const Sums &sums) -> Result<void> {
                    ending_.total += sums;
                    return totals_.add(0, key, sums);
                });
}

// Picks the largest rows, as many as were asked for. Without --top the first rows are remembered,
// and read again if there are more.
Result<void> Report::pick() {
    const size_t most = request_.top ? request_.top : most_with_marks;
    Sums picked;
    auto read = totals_.each([&](const Totals::Row &row) -> Result<bool> {
        if (picked_.size() == most)
            return false;
        picked += row.sums;
        picked_.push_back(row);
        return true;
    });
    if (!read)
        return read;
    all_picked_ = picked_.size() == totals_.size();
    if (request_.top && !all_picked_) {
        ending_.left = totals_.size() - picked_.size();
        const Sums &t = ending_.total;
        ending_.others = {t.sent - picked.sent, t.received - picked.received,
                          t.calls_sent - picked.calls_sent,
                          t.calls_received - picked.calls_received};
    }
    return {};
}

Result<void> Report::mark(std::vector<ReportRow> &rows) {
    std::unordered_map<int64_t, size_t> of_key;
    for (size_t i = 0; i < rows.size(); i++)
        of_key[picked_[i].key] = i;
    const Cells cells = Cells::cover(heading_.from, heading_.to);
    heading_.cell = cells.length;
    for (ReportRow &row : rows)
        row.marks.assign(cells.count, 0);
    return each(heading_.from, heading_.to, cells.coarsest,
                [&](int64_t time, int64_t key, const Sums &sums) -> Result<void> {
                    if (const auto at = of_key.find(key); at != of_key.end())
                        rows[at->second].marks[cells.index(time)] += sums.sent + sums.received;
                    return {};
                });
}

Result<Written> Report::flush() {
    auto written = write_output(out_);
    out_.clear();
    return written;
}

Result<Written> Report::print(const ReportRow &row) {
    printer_->row(row, out_);
    return out_.size() < block ? Written::all : flush();
}

Result<void> Report::print_rows() {
    const auto text_of = [&](const Totals::Row &from) -> Result<ReportRow> {
        ReportRow row{{}, false, heading_.from, heading_.to, from.sums, {}};
        const auto known = keys_->text(from.key, row.key);
        if (!known)
            return fail(known.error());
        row.known = *known;
        return row;
    };
    if (!request_.top && !all_picked_) {
        heading_.cell = 0;
        printer_->begin(heading_, out_);
        return totals_.each([&](const Totals::Row &from) -> Result<bool> {
            const auto row = text_of(from);
            if (!row)
                return fail(row.error());
            const auto written = print(*row);
            return written ? Result<bool>(*written == Written::all) : fail(written.error());
        });
    }
    std::vector<ReportRow> rows;
    for (const Totals::Row &from : picked_) {
        auto row = text_of(from);
        if (!row)
            return fail(row.error());
        rows.push_back(std::move(*row));
    }
    if (request_.format == Format::table && rows.size() <= most_with_marks && !rows.empty())
        if (auto marked = mark(rows); !marked)
            return marked;
    printer_->begin(heading_, out_);
    for (const ReportRow &row : rows)
        if (const auto written = print(row); !written || *written != Written::all)
            return written ? Result<void>() : fail(written.error());
    return {};
}

// Moves the ends of intervals to borders of the sums that are left.
void Report::use_borders(std::vector<int64_t> &moments) const {
    for (size_t i = 1; i + 1 < moments.size(); i++)
        moments[i] = std::min(next_border(moments[i], reading_->horizon()), heading_.to);
    moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
}

// Prints a row for each interval, or for each picked key in it.
Result<void> Report::print_series() {
    auto moments = intervals(heading_.from, heading_.to, request_.interval, most_intervals);
    if (moments.empty())
        return fail(usage_error("--interval makes more than 100000 rows of that time"));
    use_borders(moments);
    std::unordered_set<int64_t> wanted;
    for (const Totals::Row &row : picked_)
        wanted.insert(row.key);
    const bool some = request_.top && !all_picked_, whole = heading_.by == By::nothing;
    Totals cells;
    for (size_t i = 0; i + 1 < moments.size(); i++) {
        const auto cell = static_cast<int64_t>(i);
        if (whole)
            if (auto added = cells.add(cell, 0, {}); !added)
                return added;
        if (auto read = each(moments[i], moments[i + 1], day,
                             [&](int64_t, int64_t key, const Sums &sums) {
                                 return some && !wanted.contains(key) ? Result<void>()
                                                                      : cells.add(cell, key, sums);
                             });
            !read)
            return read;
    }
    printer_->begin(heading_, out_);
    return cells.each([&](const Totals::Row &from) -> Result<bool> {
        const auto at = static_cast<size_t>(from.cell);
        ReportRow row{{}, false, moments[at], moments[at + 1], from.sums, {}};
        const auto known = keys_->text(from.key, row.key);
        if (!known)
            return fail(known.error());
        row.known = *known;
        const auto written = print(row);
        return written ? Result<bool>(*written == Written::all) : fail(written.error());
    });
}

Result<void> Report::read_lost() {
    auto rows = database_.prepare("SELECT coalesce(name.text, ''), sum(count) FROM lost LEFT JOIN "
                                  "name ON name.id = stream WHERE time >= ? AND time < ? "
                                  "GROUP BY stream ORDER BY stream LIMIT 1000");
    if (!rows)
        return fail(rows.error());
    rows->bind(1, heading_.from).bind(2, heading_.to);
    for (;;) {
        const auto row = database_.next(*rows);
        if (!row)
            return fail(row.error());
        if (!*row)
            return {};
        ending_.lost[std::string(rows->text(0))] += rows->count(1);
    }
}

Result<void> Report::run() {
    if (auto begun = database_.run("BEGIN"); !begun)
        return begun;
    auto reading = Reading::make(database_);
    if (!reading)
        return fail(reading.error());
    reading_ = std::move(*reading);
    auto keys = Keys::make(database_, request_.by, request_.filter);
    if (!keys)
        return fail(keys.error());
    keys_ = std::move(*keys);
    heading_.by = request_.by;
    heading_.series = request_.interval != 0;
    choose_range();
    for (const auto step : {&Report::sum_up, &Report::pick, &Report::read_lost})
        if (auto done = (this->*step)(); !done)
            return done;
    if (auto printed = heading_.series ? print_series() : print_rows(); !printed)
        return printed;
    printer_->end(ending_, out_);
    const auto written = flush();
    return written ? Result<void>() : fail(written.error());
}

} // namespace

Result<void> report_usage(const Request &request) {
    std::setlocale(LC_CTYPE, "");
    auto database = Database::open_reader(request.database);
    if (!database)
        return fail(database.error());
    return Report(std::move(*database), request).run();
}

} // namespace pinpipe::store
