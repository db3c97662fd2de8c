// SPDX-License-Identifier: MIT
#include "tools/store/sqlite.h"

#include <cerrno>
#include <cstring>

namespace pinpipe::store {
namespace {

// Result codes of SQLite in words for people.
std::string text_of(sqlite3 *database) {
    const int system = sqlite3_system_errno(database);
    switch (sqlite3_errcode(database) & 0xff) {
    case SQLITE_FULL: return "no space left on device";
    case SQLITE_IOERR: return system ? reason(system) : "input or output error";
    case SQLITE_CORRUPT: return "the database is corrupt";
    case SQLITE_NOTADB: return "not a database";
    case SQLITE_READONLY: return "read-only";
    case SQLITE_BUSY: return "in use by another program";
    case SQLITE_CANTOPEN: return system ? reason(system) : "cannot be opened";
    default: return sqlite3_errmsg(database);
    }
}

} // namespace

std::string_view Statement::text(int column) const {
    const auto *bytes = sqlite3_column_text(statement_.get(), column);
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column));
    return {bytes ? reinterpret_cast<const char *>(bytes) : "", bytes ? size : 0};
}

Error Database::error(const char *doing) const {
    const int code = sqlite3_errcode(database_.get());
    Error error =
        failure("cannot " + std::string(doing) + " " + path_ + ": " + text_of(database_.get()));
    const int system = sqlite3_system_errno(database_.get());
    if ((code & 0xff) == SQLITE_PERM ||
        ((code & 0xff) == SQLITE_CANTOPEN && (system == EACCES || system == EPERM)))
        error.exit = Exit::not_permitted;
    error.code = code;
    return error;
}

bool may_pass(const Error &error) {
    switch (error.code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM: return true;
    default: return false;
    }
}

Result<void> Database::run(const char *sql) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return fail(error(writes_ ? "write to" : "read"));
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt *statement = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
        return fail(error(writes_ ? "write to" : "read"));
    return Statement(statement);
}

Result<void> Database::prepare_into(Statement &to, std::string_view sql) {
    auto prepared = prepare(sql);
    if (!prepared)
        return fail(prepared.error());
    to = std::move(*prepared);
    return {};
}

Result<void> Database::run(Statement &statement) {
    const int code = statement.step();
    if (code != SQLITE_DONE && code != SQLITE_ROW) {
        Error failed = error(writes_ ? "write to" : "read");
        statement.reset();
        return fail(std::move(failed));
    }
    statement.reset();
    return {};
}

Result<bool> Database::next(Statement &statement) {
    const int code = statement.step();
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE) {
        Error failed = error("read");
        statement.reset();
        return fail(std::move(failed));
    }
    statement.reset();
    return false;
}

Result<int64_t> Database::number(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement)
        return fail(statement.error());
    const auto row = next(*statement);
    if (!row)
        return fail(row.error());
    return *row ? statement->number(0) : 0;
}

Result<int64_t> Database::found_or_made(Statement &find, Statement &make) {
    const auto found = next(find);
    if (!found)
        return fail(found.error());
    if (*found) {
        const int64_t id = find.number(0);
        find.reset();
        return id;
    }
    if (auto made = run(make); !made)
        return fail(made.error());
    return last_id();
}

} // namespace pinpipe::store
