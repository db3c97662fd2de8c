// SPDX-License-Identifier: MIT
// What is stored of usage in a range of time, from the coarsest rows that answer exactly.
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
    // Of one moment: within a read transaction of the caller's.
    static Result<Reading> make(Database &database);

    struct Row {
        int64_t time;    // microseconds; of sums, of their beginning
        int64_t subject; // or 0
        int64_t who;     // where there is no subject
        Sums sums;
    };
    using Take = std::function<void(const Row &)>;
    // Rows of [from, to) microseconds in no order. with_remotes: each has a subject; else sums may
    // be of a who. coarsest: none above it.
    Result<void> each(int64_t from, int64_t to, bool with_remotes, Level coarsest,
                      const Take &take);

    const Horizon &horizon() const { return horizon_; }
    // Time of the first and behind the last line, loss or sum, of sums by the finest level that is
    // whole there; both 0: there is nothing.
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
    // Whether `rows`, at the end, are all: else `take` had the others.
    Result<bool> add_up_lines(int64_t from, int64_t to, std::vector<Row> &rows, const Take &take);
    Result<void> each_sum(const Piece &piece, bool with_remotes, const Take &take);

    Database *database_;
    Horizon horizon_;
    int64_t rolled_ = 0, begin_ = 0, end_ = 0;
    static constexpr size_t most_blocks = 1 << 18; // an even number; more are joined
    std::vector<Block> blocks_;
    std::vector<Row> behind_; // lines that no sum holds yet, by their time
    // Lines of ends of ranges, which are asked for again: by minute and subject.
    static constexpr size_t most_known = 50'000;
    std::map<std::pair<int64_t, int64_t>, std::vector<Row>> known_;
    size_t known_rows_ = 0;
    Statement lines_, sums_[2][LEVELS];
};

} // namespace pinpipe::store
