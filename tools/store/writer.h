// SPDX-License-Identifier: MIT
// Lines into tables, in transactions. Each line is stored by itself; the sums follow (rollup.h).
#pragma once

#include "tools/store/names.h"

#include <map>

namespace pinpipe::store {

// What became of lines.
struct Tally {
    uint64_t lines = 0; // stored
    uint64_t bad = 0;
    uint64_t totals = 0; // usage since the load: kept, but not summed
};

class Writer {
public:
    static Result<Writer> make(Database database);

    // The first line begins a transaction. text: of the line, which is kept as it is unless it is
    // usage. now: microseconds, of lines without a time.
    Result<void> add(const Line &line, std::string_view text, int64_t now);
    // Lines that were given up, by their event_type.
    Result<void> add_lost(const std::map<std::string, uint64_t> &lost, int64_t now);
    // Also where only sums are due.
    Result<void> commit();
    // What follows a failure of any of these. Fails where the database cannot be read either.
    Result<void> rollback();
    // The same, and the sums of everything with it.
    Result<void> commit_sums();

    const Tally &tally() const { return tally_; } // with what is not committed yet
    Database &database() { return database_; }
    // Time of the latest line that was ever committed, as it says; 0: none.
    int64_t newest() const { return newest_; }
    void forget() { names_.forget(); }

private:
    // Lines that follow each other, and when they were.
    struct Block {
        int64_t first = 0, last = 0;
        int64_t from = INT64_MAX, to = 0;
    };
    // What a rollback takes back.
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

    Database database_; // before all that has statements of it
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
