// SPDX-License-Identifier: MIT
#include "tools/store/export.h"

#include "lib/base/output.h"
#include "lib/base/signals.h"
#include "lib/event/json_line.h"
#include "tools/store/describer.h"
#include "tools/store/line.h"
#include "tools/store/members.h"

#include <algorithm>
#include <map>

namespace pinpipe::store {
namespace {

constexpr int64_t chunk = 2000; // rows read in one transaction: the log can be checkpointed soon

// Reads chunks of rows, each in one transaction: sums first, the oldest before all others, then
// single lines in the order in which they came.
class Export {
public:
    explicit Export(Database database) : database_(std::move(database)) {}
    Result<void> run();

private:
    Result<void> prepare();
    Result<Written> export_sums(const Piece &piece);
    Result<Written> export_lines(int64_t from);
    Result<void> check_horizon();
    Result<void> add_sums(const Statement &row, Level level);
    Result<void> add_usage(const Statement &row, std::string &out);
    Result<void> add_texts(Statement &rows, int64_t from, int64_t to);
    Result<void> add_usages(int64_t from, int64_t to, int64_t time_from);
    Result<Written> flush();

    Database database_;
    Horizon horizon_;
    int64_t last_ = 0;   // number of the last line when the export began
    int64_t rolled_ = 0; // lines up to this number are in the sums
    int64_t number_ = 0; // seq of the last line that was made from a sum
    Statement sums_[LEVELS], usage_, event_, lost_, next_;
    Describer describer_;
    std::map<int64_t, std::string> lines_; // lines of a chunk, by their numbers
    std::string out_;
};

Result<void> Export::prepare() {
    const std::pair<Statement *, std::string> statements[] = {
        {&usage_, "SELECT n, time, subject, process, sent, received, calls_sent, calls_received, "
                  "interval, seq, extra FROM usage WHERE n > ? AND n <= ?"},
        {&event_, "SELECT n, json FROM event WHERE n > ? AND n <= ?"},
        {&lost_, "SELECT n, json FROM lost WHERE n > ? AND n <= ?"},
        {&next_, "SELECT min(n) FROM (SELECT min(n) n FROM usage WHERE n > ?1 UNION ALL SELECT "
                 "min(n) FROM event WHERE n > ?1 UNION ALL SELECT min(n) FROM lost WHERE n > ?1)"}};
    for (const auto &[to, sql] : statements)
        if (auto prepared = database_.prepare_into(*to, sql); !prepared)
            return prepared;
    for (const Level level : {minute, hour, day})
        if (auto prepared = database_.prepare_into(
                sums_[level], std::string("SELECT time, subject, sent, received, calls_sent, "
                                          "calls_received FROM ") +
                                  level_table[level] +
                                  " WHERE (time, subject) > (?, ?) AND time < ? "
                                  "ORDER BY time, subject LIMIT " +
                                  std::to_string(chunk));
            !prepared)
            return prepared;
    return {};
}

Result<Written> Export::flush() {
    auto written = write_output(out_);
    out_.clear();
    return stop_requested() && written ? Written::closed : written;
}

// Fails if rows that are still to come were deleted between two chunks: a writer waits for an
// export, but not for ever, and prune does not wait.
Result<void> Export::check_horizon() {
    const auto horizon = read_horizon(database_);
    if (!horizon)
        return fail(horizon.error());
    if (*horizon != horizon_)
        return fail(failure("cannot export all of " + database_.path() +
                            ": old lines were deleted meanwhile"));
    return {};
}

std::string beginning(int64_t time, int64_t seq) {
    std::string line = usage_beginning(static_cast<uint64_t>(time));
    if (seq >= 0)
        member<"seq">(line, std::to_string(seq));
    return line;
}

// at: the first of four columns.
Sums sums_of(const Statement &row, int at) {
    return {row.count(at), row.count(at + 1), row.count(at + 2), row.count(at + 3)};
}

Result<void> Export::add_sums(const Statement &row, Level level) {
    const auto subject = describer_.of(row.number(1), 0);
    if (!subject)
        return fail(subject.error());
    std::string line = beginning(row.number(0) * level_unit[level], ++number_) + **subject;
    line += sums_members(sums_of(row, 2));
    member<"interval_ms">(line, std::to_string(level_unit[level] / 1000));
    member<"byte_layer">(line, usage_constant<"byte_layer">());
    append_json_line(out_, line + "}");
    return {};
}

Result<void> Export::add_usage(const Statement &row, std::string &out) {
    const auto subject = describer_.of(row.number(2), row.number(3));
    if (!subject)
        return fail(subject.error());
    std::string line = beginning(row.number(1), row.number(9)) + **subject;
    line += sums_members(sums_of(row, 4));
    if (row.number(8) >= 0)
        member<"interval_ms">(line, std::to_string(row.number(8)));
    const std::string_view extra = row.text(10);
    if (extra.starts_with(quoted_name<"v">())) // another version: remove ours
        line.erase(1, line.find(','));
    if (extra.find(quoted_name<"byte_layer">()) == extra.npos)
        member<"byte_layer">(line, usage_constant<"byte_layer">());
    if (!extra.empty())
        line.append(",").append(extra);
    append_json_line(out, line + "}");
    return {};
}

Result<Written> Export::export_sums(const Piece &piece) {
    int64_t time = piece.from, subject = 0;
    for (int64_t rows = chunk; rows == chunk;) {
        if (auto begun = database_.run("BEGIN"); !begun)
            return fail(begun.error());
        if (auto same = check_horizon(); !same)
            return fail(same.error());
        Statement &sums = sums_[piece.level];
        sums.bind(1, time).bind(2, subject).bind(3, piece.to);
        for (rows = 0;; rows++) {
            const auto row = database_.next(sums);
            if (!row)
                return fail(row.error());
            if (!*row)
                break;
            time = sums.number(0);
            subject = sums.number(1);
            if (auto added = add_sums(sums, piece.level); !added)
                return fail(added.error());
        }
        if (auto ended = database_.run("COMMIT"); !ended)
            return fail(ended.error());
        if (auto written = flush(); !written || *written != Written::all)
            return written;
    }
    return Written::all;
}

Result<void> Export::add_texts(Statement &rows, int64_t from, int64_t to) {
    rows.bind(1, from).bind(2, to);
    for (;;) {
        const auto row = database_.next(rows);
        if (!row)
            return fail(row.error());
        if (!*row)
            return {};
        append_json_line(lines_[rows.number(0)], rows.text(1));
    }
}

// Lines that are in the exported sums already are left out.
Result<void> Export::add_usages(int64_t from, int64_t to, int64_t time_from) {
    usage_.bind(1, from).bind(2, to);
    for (;;) {
        const auto row = database_.next(usage_);
        if (!row)
            return fail(row.error());
        if (!*row)
            return {};
        const int64_t n = usage_.number(0);
        if (usage_.number(1) < time_from && n <= rolled_)
            continue;
        if (auto added = add_usage(usage_, lines_[n]); !added)
            return added;
    }
}

Result<Written> Export::export_lines(int64_t from) {
    for (int64_t n = 0; n < last_;) {
        if (auto begun = database_.run("BEGIN"); !begun)
            return fail(begun.error());
        if (auto same = check_horizon(); !same)
            return fail(same.error());
        next_.bind(1, n);
        const auto next = database_.next(next_);
        if (!next)
            return fail(next.error());
        const bool none = next_.is_null(0);
        const int64_t first = next_.number(0), to = std::min(first + chunk - 1, last_);
        next_.reset();
        if (none || first > last_)
            return Written::all;
        lines_.clear();
        if (auto added = add_usages(first - 1, to, from); !added)
            return fail(added.error());
        for (Statement *rows : {&event_, &lost_})
            if (auto added = add_texts(*rows, first - 1, to); !added)
                return fail(added.error());
        if (auto ended = database_.run("COMMIT"); !ended)
            return fail(ended.error());
        for (const auto &[number, line] : lines_)
            out_ += line;
        if (auto written = flush(); !written || *written != Written::all)
            return written;
        n = to;
    }
    return Written::all;
}

Result<void> Export::run() {
    if (auto prepared = prepare(); !prepared)
        return prepared;
    auto describer = Describer::make(database_);
    if (!describer)
        return fail(describer.error());
    describer_ = std::move(*describer);
    const auto horizon = read_horizon(database_);
    const auto last = database_.number("SELECT last_line FROM state");
    if (!horizon || !last)
        return fail(horizon ? last.error() : horizon.error());
    horizon_ = *horizon;
    last_ = *last;
    int64_t lines_from = 0;
    for (const Piece &piece : cover(INT64_MIN, INT64_MAX, horizon_, raw)) {
        if (piece.level == raw) {
            lines_from = piece.from;
            continue;
        }
        const auto written = export_sums(piece);
        if (!written || *written != Written::all)
            return written ? Result<void>() : fail(written.error());
    }
    const auto rolled = database_.number("SELECT rolled FROM state");
    if (!rolled)
        return fail(rolled.error());
    rolled_ = *rolled;
    const auto written = export_lines(lines_from);
    return written ? Result<void>() : fail(written.error());
}

} // namespace

Result<void> export_all(const Request &request) {
    auto database = Database::open_reader(request.database);
    if (!database)
        return fail(database.error());
    if (auto held = database->hold(); !held)
        return held;
    return Export(std::move(*database)).run();
}

} // namespace pinpipe::store
