// SPDX-License-Identifier: MIT
// Sums by minute, hour and day. Lines are added up in memory and written now and then; until then
// readers add up the lines themselves, those behind the number state.rolled.
#pragma once

#include "lib/base/hash.h"
#include "tools/store/database_layout.h"
#include "tools/store/line.h"
#include "tools/store/sqlite.h"

#include <chrono>
#include <unordered_map>

namespace pinpipe::store {

class Rollup {
public:
    struct Cell {
        Sums sums;
        int64_t who;
    };

    static Result<Rollup> make(Database &database);

    // The cell of a minute and a subject. The reference is valid while epoch() stays the same.
    Cell &cell(int64_t minute, int64_t subject, int64_t who) {
        return minutes_.try_emplace({minute, subject}, Cell{{}, who}).first->second;
    }
    void count_line() { lines_++; }
    uint64_t epoch() const { return epoch_; }

    // Whether sums are to be written: they are many, or old. A report reads line by line what is
    // not written yet.
    bool due() const;
    bool empty() const { return minutes_.empty(); }
    // Writes the sums and state.rolled within the transaction of the caller, who calls clear() once
    // it is committed.
    Result<void> write(Database &database, int64_t last_line);
    void clear();
    // Reads the lines behind state.rolled again: after a rollback, and at the start.
    Result<void> recover(Database &database);

private:
    struct Key {
        int64_t time, id;
        bool operator==(const Key &) const = default;
    };
    struct HashKey {
        size_t operator()(const Key &key) const {
            return hash_words({static_cast<uint64_t>(key.time), static_cast<uint64_t>(key.id)});
        }
    };
    template <class Value> using Map = std::unordered_map<Key, Value, HashKey>;

    Result<void> write_levels(Database &database, Statement (&upserts)[LEVELS], Map<Sums> sums);
    static Result<void> write_level(Database &database, Statement &upsert, const Map<Sums> &sums);

    Statement by_subject_[LEVELS], by_who_[LEVELS], rolled_, behind_;
    Map<Cell> minutes_;
    uint64_t lines_ = 0, epoch_ = 1;
    std::chrono::steady_clock::time_point written_ = std::chrono::steady_clock::now();
};

} // namespace pinpipe::store
