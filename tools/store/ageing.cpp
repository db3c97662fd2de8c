// SPDX-License-Identifier: MIT
#include "tools/store/ageing.h"

#include <algorithm>

namespace pinpipe::store {
namespace {

constexpr int64_t bite = 20'000; // rows that one transaction deletes of a table, about
constexpr int64_t blocks = 4;    // of lines that one transaction deletes

int64_t whole(int64_t time, int64_t unit) {
    return std::max<int64_t>(0, time / unit * unit);
}

// Deletes the oldest rows before `end` (in the table's units), at most a bite of them. Returns true
// if there may be more.
Result<bool> bite_off(Database &database, const std::string &table, const std::string &key,
                      int64_t end) {
    const std::string old = "SELECT " + key + " FROM " + table + " WHERE time < " +
                            std::to_string(end) + " ORDER BY time LIMIT " + std::to_string(bite);
    if (auto deleted = database.run(
            ("DELETE FROM " + table + " WHERE (" + key + ") IN (" + old + ")").c_str());
        !deleted)
        return fail(deleted.error());
    return database.changes() >= bite;
}

// Deletes single lines, by blocks whose lines are all old and all in the sums.
Result<bool> delete_lines(Database &database, int64_t from) {
    const std::string old = "(SELECT first FROM block WHERE time_to < " + std::to_string(from) +
                            " AND last <= (SELECT rolled FROM state) ORDER BY first LIMIT " +
                            std::to_string(blocks) + ")";
    for (const char *table : {"usage", "event"})
        if (auto deleted =
                database.run((std::string("DELETE FROM ") + table +
                              " WHERE n IN (SELECT t.n FROM block b JOIN " + table +
                              " t ON t.n BETWEEN b.first AND b.last WHERE b.first IN " + old + ")")
                                 .c_str());
            !deleted)
            return fail(deleted.error());
    if (auto deleted = database.run(("DELETE FROM block WHERE first IN " + old).c_str()); !deleted)
        return fail(deleted.error());
    return database.changes() >= blocks;
}

// A process that has lines is noted at least once an hour: process.last is that old at most.
Result<void> drop_processes(Database &database, int64_t from) {
    const auto oldest = database.number("SELECT ifnull(min(time_from), 1 << 62) FROM block");
    if (!oldest)
        return fail(oldest.error());
    return database.run(("DELETE FROM process WHERE last < " +
                         std::to_string(std::min(from, *oldest) / level_unit[hour] - 1))
                            .c_str());
}

Result<bool> delete_old(Database &database, const Horizon &at) {
    auto lines = delete_lines(database, at.from[raw]);
    if (!lines)
        return lines;
    bool more = *lines;
    for (const Level level : {minute, hour, day})
        for (const auto &[table, key] : {std::pair(level_table[level], "time, subject"),
                                         std::pair(who_table[level], "time, who")}) {
            auto bitten = bite_off(database, table, key, at.from[level] / level_unit[level]);
            if (!bitten)
                return bitten;
            more = more || *bitten;
        }
    auto bitten = bite_off(database, "lost", "n", at.from[day]);
    if (!bitten)
        return bitten;
    more = more || *bitten;
    if (!more)
        if (auto dropped = drop_processes(database, at.from[raw]); !dropped)
            return fail(dropped.error());
    return more;
}

Result<void> write_horizon(Database &database, const Horizon &at) {
    constexpr const char *columns[LEVELS] = {"raw_from", "minute_from", "hour_from", "day_from"};
    std::string sql;
    for (size_t i = 0; i < LEVELS; i++)
        sql += (i ? ", " : "UPDATE state SET ") + std::string(columns[i]) + " = " +
               std::to_string(at.from[i]);
    return database.run(sql.c_str());
}

// The horizon only moves forward. No level reaches back further than a coarser one.
Horizon advanced(const Horizon &before, const Keep &keep, int64_t now) {
    Horizon at = before;
    const int64_t minutes = std::max(keep.raw, keep_minutes);
    const int64_t hours = std::max(minutes, keep_hours);
    const auto advance = [](int64_t &from, int64_t to) { from = std::max(from, to); };
    if (keep.all)
        advance(at.from[day], whole(now - *keep.all, level_unit[day]));
    advance(at.from[raw], whole(now - keep.raw, level_unit[hour]));
    advance(at.from[minute], whole(now - minutes, level_unit[day]));
    advance(at.from[hour], whole(now - hours, level_unit[day]));
    for (const Level level : {hour, minute, raw})
        advance(at.from[level], at.from[level + 1]);
    return at;
}

} // namespace

Result<Horizon> read_horizon(Database &database) {
    auto state = database.prepare("SELECT raw_from, minute_from, hour_from, day_from FROM state");
    if (!state)
        return fail(state.error());
    const auto row = database.next(*state);
    if (!row)
        return fail(row.error());
    Horizon horizon;
    for (int i = 0; *row && i < LEVELS; i++)
        horizon.from[i] = state->number(i);
    return horizon;
}

Result<bool> age(Database &database, const Keep &keep, int64_t now) {
    const auto before = read_horizon(database);
    if (!before)
        return fail(before.error());
    const Horizon at = advanced(*before, keep, now);
    if (auto begun = database.run("BEGIN IMMEDIATE"); !begun)
        return fail(begun.error());
    auto done = [&]() -> Result<bool> {
        if (at != *before)
            if (auto written = write_horizon(database, at); !written)
                return fail(written.error());
        auto more = delete_old(database, at);
        if (!more)
            return more;
        if (auto committed = database.run("COMMIT"); !committed)
            return fail(committed.error());
        return more;
    }();
    if (!done && sqlite3_get_autocommit(database.handle()) == 0)
        (void)database.run("ROLLBACK");
    return done;
}

Result<void> drop_unused(Database &database) {
    auto done = database.run(
        ("BEGIN IMMEDIATE; DELETE FROM subject WHERE last < (SELECT day_from FROM state) / " +
         std::to_string(level_unit[day]) +
         ";"
         "DELETE FROM who WHERE id NOT IN (SELECT who FROM subject);"
         "DELETE FROM name WHERE id NOT IN ("
         "SELECT host FROM who UNION SELECT comm FROM who UNION SELECT exe FROM who UNION "
         "SELECT cgroup FROM who UNION SELECT proto FROM who UNION SELECT remote FROM subject "
         "UNION "
         "SELECT attribution FROM process UNION SELECT type FROM event UNION "
         "SELECT stream FROM lost);"
         "COMMIT")
            .c_str());
    if (!done && sqlite3_get_autocommit(database.handle()) == 0)
        (void)database.run("ROLLBACK");
    return done;
}

} // namespace pinpipe::store
