// SPDX-License-Identifier: MIT
#include "tools/store/reading.h"

#include "tools/store/ageing.h"

#include <algorithm>
#include <unordered_map>

namespace pinpipe::store {
namespace {

Sums sums_at(const Statement &row, int column) {
    return {row.count(column), row.count(column + 1), row.count(column + 2), row.count(column + 3)};
}

} // namespace

Result<Reading> Reading::make(Database &database) {
    Reading reading(database);
    constexpr const char *columns = ", sent, received, calls_sent, calls_received FROM ";
    auto prepared = database.prepare_into(
        reading.lines_, std::string("SELECT time, subject") + columns +
                            "usage WHERE n BETWEEN ? AND ? AND time >= ? AND time < ?");
    for (const Level level : {minute, hour, day})
        for (const bool remotes : {false, true})
            if (prepared)
                prepared = database.prepare_into(reading.sums_[remotes][level],
                                                 std::string("SELECT time, ") +
                                                     (remotes ? "subject" : "who") + columns +
                                                     (remotes ? level_table : who_table)[level] +
                                                     " WHERE time >= ? AND time < ?");
    for (const auto read :
         {&Reading::read_blocks, &Reading::read_state, &Reading::read_span, &Reading::read_behind})
        if (prepared)
            prepared = (reading.*read)();
    if (!prepared)
        return fail(prepared.error());
    return reading;
}

Result<void> Reading::read_blocks() {
    auto rows =
        database_->prepare("SELECT first, last, time_from, time_to FROM block ORDER BY first");
    if (!rows)
        return fail(rows.error());
    for (;;) {
        const auto row = database_->next(*rows);
        if (!row)
            return fail(row.error());
        if (!*row)
            return {};
        blocks_.push_back({rows->number(0), rows->number(1), rows->number(2), rows->number(3)});
        if (blocks_.size() == most_blocks)
            join_blocks();
    }
}

// Joins each block with the next one: there is no line between them.
void Reading::join_blocks() {
    for (size_t i = 0; i + 1 < blocks_.size(); i += 2) {
        const Block a = blocks_[i], b = blocks_[i + 1];
        blocks_[i / 2] = {a.first, b.last, std::min(a.from, b.from), std::max(a.to, b.to)};
    }
    blocks_.resize(blocks_.size() / 2);
}

Result<void> Reading::read_state() {
    const auto horizon = read_horizon(*database_);
    if (!horizon)
        return fail(horizon.error());
    horizon_ = *horizon;
    const auto rolled = database_->number("SELECT rolled FROM state");
    if (!rolled)
        return fail(rolled.error());
    rolled_ = *rolled;
    return {};
}

void Reading::widen(int64_t from, int64_t to) {
    begin_ = end_ ? std::min(begin_, from) : from;
    end_ = std::max(end_, to);
}

// The first or the last sum: that of a day, or of an hour or minute in it where these are complete.
Result<std::optional<Piece>> Reading::outermost(bool last) {
    std::optional<Piece> found;
    for (const Level level : {day, hour, minute}) {
        const int64_t unit = level_unit[level];
        if (found && found->from < horizon_.from[level])
            break;
        auto sum = database_->prepare(std::string("SELECT ") + (last ? "max" : "min") +
                                      "(time) FROM " + who_table[level] + " WHERE time >= ?");
        if (!sum)
            return fail(sum.error());
        sum->bind(1, horizon_.from[level] / unit);
        const auto row = database_->next(*sum);
        if (!row)
            return fail(row.error());
        if (sum->is_null(0))
            break;
        found = Piece{level, sum->number(0) * unit, (sum->number(0) + 1) * unit};
    }
    return found;
}

// For lines that have been deleted. The blocks say it more exactly of all others.
Result<void> Reading::widen_to_sums() {
    for (const bool last : {false, true}) {
        const auto sum = outermost(last);
        if (!sum)
            return fail(sum.error());
        if (*sum && (*sum)->from < horizon_.from[raw])
            widen((*sum)->from, (*sum)->to);
    }
    return {};
}

Result<void> Reading::widen_to_losses() {
    auto losses = database_->prepare("SELECT min(time), max(time) FROM lost WHERE time >= ?");
    if (!losses)
        return fail(losses.error());
    losses->bind(1, horizon_.from[day]);
    const auto row = database_->next(*losses);
    if (!row)
        return fail(row.error());
    if (!losses->is_null(0))
        widen(losses->number(0), losses->number(1) + 1);
    return {};
}

Result<void> Reading::read_span() {
    for (const Block &block : blocks_)
        widen(block.from, block.to + 1);
    if (auto widened = widen_to_sums(); !widened)
        return widened;
    return widen_to_losses();
}

Result<void> Reading::read_behind() {
    for (const Block &block : blocks_) {
        if (block.last <= rolled_)
            continue;
        lines_.bind(1, std::max(block.first, rolled_ + 1)).bind(2, block.last);
        lines_.bind(3, INT64_MIN).bind(4, INT64_MAX);
        for (;;) {
            const auto row = database_->next(lines_);
            if (!row)
                return fail(row.error());
            if (!*row)
                break;
            behind_.push_back({lines_.number(0), lines_.number(1), 0, sums_at(lines_, 2)});
        }
    }
    std::sort(behind_.begin(), behind_.end(),
              [](const Row &a, const Row &b) { return a.time < b.time; });
    return {};
}

// Adds lines up by minute and subject: there are many, and take costs more for each row.
Result<bool> Reading::add_up_lines(int64_t from, int64_t to, std::vector<Row> &rows,
                                   const Take &take) {
    std::unordered_map<int64_t, size_t> where;
    int64_t at = INT64_MIN; // the minute whose rows are in where
    bool all = true;
    for (const Block &block : blocks_) {
        if (block.to < from || block.from >= to)
            continue;
        lines_.bind(1, block.first).bind(2, block.last).bind(3, from).bind(4, to);
        for (;;) {
            const auto row = database_->next(lines_);
            if (!row)
                return fail(row.error());
            if (!*row)
                break;
            if (rows.size() >= most_known) {
                std::for_each(rows.begin(), rows.end(), take);
                rows.clear();
                at = INT64_MIN;
                all = false;
            }
            const int64_t time = lines_.number(0), subject = lines_.number(1);
            if (time / level_unit[minute] != at)
                where.clear();
            at = time / level_unit[minute];
            const auto [found, fresh] = where.try_emplace(subject, rows.size());
            if (fresh)
                rows.push_back({time, subject, 0, {}});
            rows[found->second].sums += sums_at(lines_, 2);
        }
    }
    return all;
}

Result<void> Reading::each_line(int64_t from, int64_t to, const Take &take) {
    const auto known = known_.find({from, to});
    if (known != known_.end()) {
        std::for_each(known->second.begin(), known->second.end(), take);
        return {};
    }
    std::vector<Row> rows;
    const auto all = add_up_lines(from, to, rows, take);
    if (!all)
        return fail(all.error());
    std::for_each(rows.begin(), rows.end(), take);
    if (*all && known_rows_ + rows.size() <= most_known) {
        known_rows_ += rows.size();
        known_.emplace(std::pair(from, to), std::move(rows));
    }
    return {};
}

Result<void> Reading::each_sum(const Piece &piece, bool with_remotes, const Take &take) {
    const int64_t unit = level_unit[piece.level];
    Statement &sums = sums_[with_remotes][piece.level];
    sums.bind(1, piece.from).bind(2, piece.to);
    for (;;) {
        const auto row = database_->next(sums);
        if (!row)
            return fail(row.error());
        if (!*row)
            break;
        const int64_t id = sums.number(1);
        take({sums.number(0) * unit, with_remotes ? id : 0, with_remotes ? 0 : id,
              sums_at(sums, 2)});
    }
    const auto before = [](const Row &row, int64_t time) { return row.time < time; };
    auto at = std::lower_bound(behind_.begin(), behind_.end(), piece.from * unit, before);
    for (; at != behind_.end() && at->time < piece.to * unit; ++at)
        take(*at);
    return {};
}

Result<void> Reading::each(int64_t from, int64_t to, bool with_remotes, Level coarsest,
                           const Take &take) {
    for (const Piece &piece : cover(from, to, horizon_, coarsest))
        if (auto read = piece.level == raw ? each_line(piece.from, piece.to, take)
                                           : each_sum(piece, with_remotes, take);
            !read)
            return read;
    return {};
}

} // namespace pinpipe::store
