// SPDX-License-Identifier: MIT
#include "lib/base/output.h"
#include "lib/base/terminal_text.h"
#include "tools/store/line.h"
#include "tools/store/upkeep.h"

namespace pinpipe::store {
namespace {

Error distrust(const Database &database, const std::string &why) {
    return failure("cannot trust " + database.path() + ": " + why);
}

Result<void> check_pages(Database &database) {
    auto check = database.prepare("PRAGMA integrity_check(1)");
    if (!check)
        return fail(check.error());
    const auto row = database.next(*check);
    if (!row)
        return fail(row.error());
    if (!*row || check->text(0) != "ok")
        return fail(distrust(database, *row ? std::string(check->text(0)) : "no answer"));
    return {};
}

// The four sums over a table from a time on, which is in units of the table.
Result<Sums> sums_of(Database &database, const std::string &table, int64_t from,
                     const char *only = "") {
    auto rows = database.prepare("SELECT sum(sent), sum(received), sum(calls_sent), "
                                 "sum(calls_received) FROM " +
                                 table + " WHERE time >= " + std::to_string(from) + only);
    if (!rows)
        return fail(rows.error());
    const auto row = database.next(*rows);
    if (!row)
        return fail(row.error());
    return Sums{rows->count(0), rows->count(1), rows->count(2), rows->count(3)};
}

Result<void> compare(Database &database, const char *fine, const char *coarse, Level fine_level,
                     Level coarse_level, int64_t from) {
    const bool lines = fine_level == raw;
    const auto a = sums_of(database, fine, from / level_unit[fine_level],
                           lines ? " AND n <= (SELECT rolled FROM state)" : "");
    const auto b = sums_of(database, coarse, from / level_unit[coarse_level]);
    if (!a || !b)
        return fail(a ? b.error() : a.error());
    if (*a != *b)
        return fail(
            distrust(database, std::string("the sums of ") + fine + " and " + coarse + " differ"));
    return {};
}

Result<void> check_sums(Database &database) {
    const auto at = read_horizon(database);
    if (!at)
        return fail(at.error());
    for (const Level level : {raw, minute, hour})
        if (auto same = compare(database, level_table[level], level_table[level + 1], level,
                                static_cast<Level>(level + 1), at->from[level]);
            !same)
            return same;
    for (const Level level : {minute, hour, day})
        if (auto same = compare(database, level_table[level], who_table[level], level, level,
                                at->from[level]);
            !same)
            return same;
    return {};
}

// Fails when a row that others refer to is missing.
Result<void> check_names(Database &database) {
    for (const auto &[table, sql] :
         {std::pair("name", "SELECT count(*) FROM (SELECT host AS id FROM who UNION SELECT comm "
                            "FROM who UNION SELECT exe FROM who UNION SELECT cgroup FROM who UNION "
                            "SELECT proto FROM who UNION SELECT remote FROM subject) AS used "
                            "WHERE id <> 0 AND id NOT IN (SELECT id FROM name)"),
          std::pair("who", "SELECT count(*) FROM subject WHERE who NOT IN (SELECT id FROM who)"),
          std::pair("subject",
                    "SELECT count(*) FROM day WHERE subject NOT IN (SELECT id FROM subject) AND "
                    "time >= (SELECT day_from FROM state) / 86400000000")}) {
        const auto missing = database.number(sql);
        if (!missing)
            return fail(missing.error());
        if (*missing)
            return fail(distrust(database, "rows of " + std::string(table) + " are missing"));
    }
    return {};
}

} // namespace

Result<void> check(const Request &request) {
    auto database = Database::open_reader(request.database);
    if (!database)
        return fail(database.error());
    if (auto begun = database->run("BEGIN"); !begun)
        return begun;
    for (const auto step : {check_pages, check_sums, check_names})
        if (auto fine = step(*database); !fine)
            return fine;
    const auto lines = database->number("SELECT last_line FROM state");
    const auto pages = database->number("SELECT page_count * page_size FROM pragma_page_count(), "
                                        "pragma_page_size()");
    if (!lines || !pages)
        return fail(lines ? pages.error() : lines.error());
    const auto written =
        write_output("ok: " + std::to_string(*lines) + " lines taken in, " +
                     amount_text(static_cast<uint64_t>(*pages), Units::binary) + "\n");
    return written ? Result<void>() : fail(written.error());
}

} // namespace pinpipe::store
