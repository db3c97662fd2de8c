// SPDX-License-Identifier: MIT
#include "tools/store/writer.h"

#include "tools/store/members.h"

#include <algorithm>

namespace pinpipe::store {
namespace {

// Limits of a block. It is small enough to be read for some of its lines, and large enough for
// blocks to be few.
constexpr int64_t block_lines = 5000, block_time = 10'000'000;

} // namespace

Result<Writer> Writer::make(Database database) {
    auto names = Names::make(database);
    if (!names)
        return fail(names.error());
    auto rollup = Rollup::make(database);
    if (!rollup)
        return fail(rollup.error());
    Writer writer(std::move(database), std::move(*names), std::move(*rollup));
    const std::pair<Statement *, const char *> statements[] = {
        {&writer.usage_, "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
        {&writer.event_, "INSERT INTO event VALUES (?, ?, ?, ?)"},
        {&writer.lost_, "INSERT INTO lost VALUES (?, ?, ?, ?, ?)"},
        {&writer.state_, "UPDATE state SET last_line = ?"},
        {&writer.block_row_, "INSERT OR REPLACE INTO block VALUES (?, ?, ?, ?)"},
        {&writer.begin_, "BEGIN IMMEDIATE"},
        {&writer.commit_, "COMMIT"}};
    for (const auto &[to, sql] : statements)
        if (auto prepared = writer.database_.prepare_into(*to, sql); !prepared)
            return fail(prepared.error());
    const auto last = writer.database_.number("SELECT last_line FROM state");
    if (!last)
        return fail(last.error());
    writer.n_ = *last;
    const auto newest = writer.database_.number("SELECT max(time_to) FROM block");
    if (!newest)
        return fail(newest.error());
    writer.newest_ = *newest;
    return writer;
}

Result<void> Writer::begin() {
    if (open_)
        return {};
    if (auto begun = database_.run(begin_); !begun)
        return begun;
    open_ = true;
    before_ = {tally_, n_, block_};
    if (block_.last - block_.first + 1 >= block_lines || block_.to - block_.from >= block_time ||
        !block_.first)
        block_ = {n_ + 1, n_};
    return {};
}

void Writer::note_time(int64_t time) {
    block_.from = std::min(block_.from, time);
    block_.to = std::max(block_.to, time);
    block_.last = n_;
}

Result<void> Writer::add(const Line &line, std::string_view text, int64_t now) {
    if (auto begun = begin(); !begun)
        return begun;
    if (line.kind == LineKind::bad)
        tally_.bad++;
    if (line.kind == LineKind::bad || line.kind == LineKind::empty)
        return {};
    tally_.lines++;
    n_++;
    if (line.kind == LineKind::counted)
        return add_usage(line);
    tally_.totals += line.total && line.type.text == usage_table.event_type;
    return add_text(line, text, line.time == Line::absent ? now : static_cast<int64_t>(line.time));
}

Result<void> Writer::add_usage(const Line &line) {
    const auto found = names_.known(database_, line);
    if (!found)
        return fail(found.error());
    Known &known = **found;
    const auto time = static_cast<int64_t>(line.time);
    const auto or_none = [](uint64_t value) {
        return value == Line::absent ? -1 : static_cast<int64_t>(value);
    };
    usage_.bind(1, n_).bind(2, time).bind(3, known.subject).bind(4, known.process);
    usage_.bind(5, line.sums.sent).bind(6, line.sums.received);
    usage_.bind(7, line.sums.calls_sent).bind(8, line.sums.calls_received);
    usage_.bind(9, or_none(line.interval)).bind(10, or_none(line.seq));
    if (line.extra.empty())
        usage_.bind_null(11);
    else
        usage_.bind(11, std::string_view(line.extra));
    if (auto stored = database_.run(usage_); !stored)
        return stored;
    const int64_t at = time / level_unit[minute];
    if (known.minute != at || known.epoch != rollup_.epoch()) {
        known.cell = &rollup_.cell(at, known.subject, known.who);
        known.minute = at;
        known.epoch = rollup_.epoch();
    }
    known.cell->sums += line.sums;
    rollup_.count_line();
    note_time(time);
    return {};
}

Result<void> Writer::add_text(const Line &line, std::string_view text, int64_t time) {
    const bool lost = line.kind == LineKind::lost;
    const auto type = names_.name(database_, lost ? line.stream : line.type);
    if (!type)
        return fail(type.error());
    Statement &statement = lost ? lost_ : event_;
    statement.bind(1, n_).bind(2, time).bind(3, *type);
    if (lost)
        statement.bind(4, line.count);
    statement.bind(lost ? 5 : 4, text);
    note_time(time);
    return database_.run(statement);
}

Result<void> Writer::add_lost(const std::map<std::string, uint64_t> &lost, int64_t now) {
    for (const auto &[stream, count] : lost) {
        if (auto begun = begin(); !begun)
            return begun;
        const std::string json = lost_line(static_cast<uint64_t>(now), stream, count);
        Line line;
        line.kind = LineKind::lost;
        line.stream = {stream, true};
        line.count = count;
        n_++;
        if (auto stored = add_text(line, json, now); !stored)
            return stored;
    }
    return {};
}

Result<void> Writer::commit() {
    return commit_with(rollup_.due());
}

Result<void> Writer::commit_sums() {
    return commit_with(!rollup_.empty());
}

Result<void> Writer::commit_with(bool sums) {
    if (sums)
        if (auto begun = begin(); !begun)
            return begun;
    if (!open_)
        return {};
    if (n_ != before_.n) {
        block_row_.bind(1, block_.first).bind(2, block_.last).bind(3, block_.from);
        block_row_.bind(4, block_.to);
        if (auto noted = database_.run(block_row_); !noted)
            return noted;
        state_.bind(1, n_);
        if (auto counted = database_.run(state_); !counted)
            return counted;
    }
    if (sums)
        if (auto written = rollup_.write(database_, n_); !written)
            return written;
    if (auto committed = database_.run(commit_); !committed)
        return committed;
    open_ = false;
    newest_ = std::max(newest_, block_.to);
    if (sums)
        rollup_.clear();
    return {};
}

Result<void> Writer::rollback() {
    if (!open_)
        return {};
    if (sqlite3_get_autocommit(database_.handle()) == 0)
        (void)database_.run("ROLLBACK");
    open_ = false;
    tally_ = before_.tally;
    n_ = before_.n;
    block_ = before_.block;
    names_.forget(); // ids that were made are void
    return rollup_.recover(database_);
}

} // namespace pinpipe::store
