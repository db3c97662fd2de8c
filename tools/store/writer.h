// SPDX-License-Identifier: MIT
// Writes lines into tables, in transactions. Each line is stored by itself; sums follow (rollup.h).
#pragma once

#include "tools/store/names.h"

#include <map>

namespace pinpipe::store {

// How many lines were stored, and how many were not.
struct Tally {
    uint64_t lines = 0; // stored
    uint64_t bad = 0;
    uint64_t totals = 0; // usage since the load: kept, but not summed
};

class Writer {
public:
    static Result<Writer> make(Database database);

    // The first line begins a transaction. text: the line, which is stored as it is unless it is
    // usage. now: microseconds since 1970, for lines without a time.
    Result<void> add(const Line &line, std::string_view text, int64_t now);
    // Stores that lines were given up: how many of each event_type.
    Result<void> add_lost(const std::map<std::string, uint64_t> &lost, int64_t now);
    // Commits the lines, and the sums if they are due.
    Result<void> commit();
    // To be called after any of these failed. Fails if the database cannot be read either.
    Result<void> rollback();
    // Commits the lines and all sums.
    Result<void> commit_sums();

    const Tally &tally() const { return tally_; } // with lines that are not committed yet
    Database &database() { return database_; }
    // The latest time of all lines that were ever committed, microseconds since 1970; 0: there is
    // none.
    int64_t newest() const { return newest_; }
    void forget() { names_.forget(); }

private:
    // Consecutive lines, and the range of their times.
    struct Block {
        int64_t first = 0, last = 0;
        int64_t from = INT64_MAX, to = 0;
    };
    // The state that a rollback restores.
    struct State {
        Tally tally;
        int64_t n = 0; // number of the last line
        Block block;
    };

    Writer(Database database, Names names, Rollup rollup)
        : database_(std::move(database)), names_(std::move(names)), rollup_(std::move(rollup)) {}
    Result<void> begin();
    Result<void> commit_with(bool sums);
    Result<void> add_usage(const Line &line);
    Result<void> add_text(const Line &line, std::string_view text, int64_t time);
    void note_time(int64_t time);

    Database database_; // declared before all members that hold its statements
    Names names_;
    Rollup rollup_;
    Statement usage_, event_, lost_, state_, block_row_, begin_, commit_;
    Tally tally_;
    int64_t n_ = 0;
    Block block_;
    State before_;
    int64_t newest_ = 0;
    bool open_ = false;
};

} // namespace pinpipe::store
