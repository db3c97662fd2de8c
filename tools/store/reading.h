// SPDX-License-Identifier: MIT
// Reads the usage of a range of time, from the coarsest rows that answer exactly.
#pragma once

#include "tools/store/cover.h"
#include "tools/store/line.h"
#include "tools/store/sqlite.h"

#include <functional>
#include <map>
#include <optional>

namespace pinpipe::store {

class Reading {
public:
    // The caller has begun a read transaction: all rows are of one moment.
    static Result<Reading> make(Database &database);

    struct Row {
        int64_t time;    // microseconds since 1970; of a sum: its beginning
        int64_t subject; // 0: the row has none
        int64_t who;     // if there is no subject
        Sums sums;
    };
    using Take = std::function<void(const Row &)>;
    // Calls take for the rows of [from, to), microseconds since 1970, in no order. with_remotes:
    // each row has a subject; otherwise sums may have a who instead. coarsest: no level above it is
    // used.
    Result<void> each(int64_t from, int64_t to, bool with_remotes, Level coarsest,
                      const Take &take);

    const Horizon &horizon() const { return horizon_; }
    // The time of the first line, loss or sum, and the time behind the last one. Sums are taken by
    // the finest level that is complete there. Both 0: nothing is stored.
    int64_t begin() const { return begin_; }
    int64_t end() const { return end_; }

private:
    struct Block {
        int64_t first, last, from, to;
    };

    explicit Reading(Database &database) : database_(&database) {}
    Result<void> read_state();
    Result<void> read_blocks();
    void join_blocks();
    Result<void> read_span();
    Result<void> widen_to_sums();
    Result<void> widen_to_losses();
    Result<std::optional<Piece>> outermost(bool last);
    void widen(int64_t from, int64_t to);
    Result<void> read_behind();
    Result<void> each_line(int64_t from, int64_t to, const Take &take);
    // Returns whether rows holds all of them at the end; otherwise take was called for the others.
    Result<bool> add_up_lines(int64_t from, int64_t to, std::vector<Row> &rows, const Take &take);
    Result<void> each_sum(const Piece &piece, bool with_remotes, const Take &take);

    Database *database_;
    Horizon horizon_;
    int64_t rolled_ = 0, begin_ = 0, end_ = 0;
    static constexpr size_t most_blocks = 1 << 18; // an even number; more are joined in pairs
    std::vector<Block> blocks_;
    std::vector<Row> behind_; // lines that are in no sum yet, in order of time
    // Lines at the ends of ranges that were read before, added up by minute and subject.
    static constexpr size_t most_known = 50'000;
    std::map<std::pair<int64_t, int64_t>, std::vector<Row>> known_;
    size_t known_rows_ = 0;
    Statement lines_, sums_[2][LEVELS];
};

} // namespace pinpipe::store
