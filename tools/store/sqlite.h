// SPDX-License-Identifier: MIT
// SQLite connections and statements with an owner, and errors as Results. Nothing here prints.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace pinpipe::store {

// A prepared statement; parameters and columns count from 1 and 0, as in SQLite.
class Statement {
public:
    Statement() = default;
    explicit Statement(sqlite3_stmt *statement) : statement_(statement) {}

    Statement &bind(int at, int64_t number) {
        sqlite3_bind_int64(statement_.get(), at, number);
        return *this;
    }
    Statement &bind(int at, uint64_t number) { return bind(at, static_cast<int64_t>(number)); }
    // The text must stay valid until the statement has run.
    Statement &bind(int at, std::string_view text) {
        sqlite3_bind_text64(statement_.get(), at, text.data() ? text.data() : "", text.size(),
                            SQLITE_STATIC, SQLITE_UTF8);
        return *this;
    }
    Statement &bind_null(int at) {
        sqlite3_bind_null(statement_.get(), at);
        return *this;
    }

    int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
    uint64_t count(int column) const { return static_cast<uint64_t>(number(column)); }
    bool is_null(int column) const {
        return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
    }
    // Valid until the next step.
    std::string_view text(int column) const;

    int step() { return sqlite3_step(statement_.get()); } // SQLITE_ROW, SQLITE_DONE, or an error
    void reset() { sqlite3_reset(statement_.get()); }

private:
    struct Finalize {
        void operator()(sqlite3_stmt *s) const { sqlite3_finalize(s); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
public:
    // Opens a database for its only writer, which alone checkpoints it: makes it if it is missing
    // and create is true, locks it against a second writer, brings it to the present layout.
    static Result<Database> open_writer(const std::string &path, bool create);
    // Opens a database to read. Writes nothing to it, and works where nothing can be written.
    static Result<Database> open_reader(const std::string &path);
    // Opens a temporary database, which is deleted with the object.
    static Result<Database> open_scratch();

    // For readers: while the object lives, the writer sees that old rows are still being read.
    Result<void> hold();
    // For the writer: whether a reader called hold().
    bool is_held() const;

    Result<void> run(const char *sql);
    Result<Statement> prepare(std::string_view sql);
    Result<void> prepare_into(Statement &to, std::string_view sql);
    // Runs a bound statement that returns no rows, and resets it.
    Result<void> run(Statement &statement);
    // Steps to the next row of a statement; false: there was none, and the statement is reset.
    Result<bool> next(Statement &statement);
    // The first column of the only row that the query returns.
    Result<int64_t> number(std::string_view sql);
    // The id of the row that the bound statement find finds, or else of the row that make inserts.
    Result<int64_t> found_or_made(Statement &find, Statement &make);

    int64_t last_id() const { return sqlite3_last_insert_rowid(database_.get()); }
    int changes() const { return sqlite3_changes(database_.get()); }
    sqlite3 *handle() { return database_.get(); }
    const std::string &path() const { return path_; }
    // "cannot DOING PATH: reason", for the call that has just failed.
    Error error(const char *doing) const;

private:
    struct Close {
        void operator()(sqlite3 *d) const { sqlite3_close(d); }
    };
    static Result<Database> connect(const std::string &path, int flags, bool immutable);
    static Result<void> make_file(const std::string &path);
    Result<void> accept_log(bool writes);
    Result<void> accept();

    Fd lock_; // on the file; declared before the connection, so that it is closed after it
    std::unique_ptr<sqlite3, Close> database_;
    std::string path_;
    bool writes_ = false;
};

// Whether the same call may succeed later: there was no space, or an input or output error.
bool may_pass(const Error &error);

} // namespace pinpipe::store
