// SPDX-License-Identifier: MIT
#include "tools/store/rollup.h"

#include <algorithm>
#include <vector>

namespace pinpipe::store {
namespace {

constexpr size_t most_minutes = 40'000;
constexpr uint64_t most_lines = 200'000;
constexpr auto longest = std::chrono::seconds(10);

std::string upsert_into(const char *table) {
    return std::string("INSERT INTO ") + table +
           " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET sent = sent + excluded.sent,"
           " received = received + excluded.received,"
           " calls_sent = calls_sent + excluded.calls_sent,"
           " calls_received = calls_received + excluded.calls_received";
}

} // namespace

Result<Rollup> Rollup::make(Database &database) {
    Rollup rollup;
    std::vector<std::pair<Statement *, std::string>> statements = {
        {&rollup.rolled_, "UPDATE state SET rolled = ?"},
        {&rollup.behind_,
         "SELECT u.time, u.subject, s.who, u.sent, u.received, u.calls_sent, u.calls_received "
         "FROM usage u JOIN subject s ON s.id = u.subject "
         "WHERE u.n > (SELECT rolled FROM state)"}};
    for (const Level level : {minute, hour, day}) {
        statements.emplace_back(&rollup.by_subject_[level], upsert_into(level_table[level]));
        statements.emplace_back(&rollup.by_who_[level], upsert_into(who_table[level]));
    }
    for (const auto &[to, sql] : statements)
        if (auto prepared = database.prepare_into(*to, sql); !prepared)
            return fail(prepared.error());
    if (auto read = rollup.recover(database); !read)
        return fail(read.error());
    return rollup;
}

bool Rollup::due() const {
    return minutes_.size() >= most_minutes || lines_ >= most_lines ||
           (!minutes_.empty() && std::chrono::steady_clock::now() - written_ >= longest);
}

Result<void> Rollup::write_level(Database &database, Statement &upsert, const Map<Sums> &sums) {
    std::vector<const Map<Sums>::value_type *> rows; // in the order of the table's key
    rows.reserve(sums.size());
    for (const auto &row : sums)
        rows.push_back(&row);
    std::sort(rows.begin(), rows.end(), [](const auto *a, const auto *b) {
        return a->first.time != b->first.time ? a->first.time < b->first.time
                                              : a->first.id < b->first.id;
    });
    for (const auto *row : rows) {
        const auto &[key, sum] = *row;
        upsert.bind(1, key.time).bind(2, key.id).bind(3, sum.sent).bind(4, sum.received);
        upsert.bind(5, sum.calls_sent).bind(6, sum.calls_received);
        if (auto stored = database.run(upsert); !stored)
            return stored;
    }
    return {};
}

Result<void> Rollup::write_levels(Database &database, Statement (&upserts)[LEVELS],
                                  Map<Sums> sums) {
    for (const Level level : {minute, hour, day}) {
        if (level != minute) {
            const int64_t factor = level_unit[level] / level_unit[level - 1];
            Map<Sums> coarser;
            for (const auto &[key, sum] : sums)
                coarser[{key.time / factor, key.id}] += sum;
            sums.swap(coarser);
        }
        if (auto written = write_level(database, upserts[level], sums); !written)
            return written;
    }
    return {};
}

Result<void> Rollup::write(Database &database, int64_t last_line) {
    Map<Sums> subjects, whos;
    for (const auto &[key, cell] : minutes_) {
        subjects[key] += cell.sums;
        whos[{key.time, cell.who}] += cell.sums;
    }
    if (auto written = write_levels(database, by_subject_, std::move(subjects)); !written)
        return written;
    if (auto written = write_levels(database, by_who_, std::move(whos)); !written)
        return written;
    rolled_.bind(1, last_line);
    return database.run(rolled_);
}

void Rollup::clear() {
    minutes_.clear();
    lines_ = 0;
    epoch_++;
    written_ = std::chrono::steady_clock::now();
}

Result<void> Rollup::recover(Database &database) {
    const auto written = written_;
    clear();
    written_ = written;
    for (;;) {
        const auto row = database.next(behind_);
        if (!row)
            return fail(row.error());
        if (!*row)
            return {};
        const Statement &r = behind_;
        cell(r.number(0) / level_unit[minute], r.number(1), r.number(2)).sums +=
            Sums{r.count(3), r.count(4), r.count(5), r.count(6)};
        lines_++;
    }
}

} // namespace pinpipe::store
