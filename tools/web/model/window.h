// SPDX-License-Identifier: MIT
// A sum for each of the last SECONDS seconds.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace pinpipe::web {

// Numbers from outside may be large and many: sums stop at 2^53, the largest whole number that
// every reader of JSON represents exactly.
inline constexpr uint64_t largest_sum = 1ULL << 53;
inline void add_up(uint64_t &sum, uint64_t amount) {
    sum = std::min(largest_sum, sum + std::min(amount, largest_sum));
}

// Seconds are those of Now::second.
template <size_t SECONDS> class Window {
public:
    void add(int64_t second, uint64_t amount) {
        advance(second);
        add_up(cell(second), amount);
    }

    // Spreads an amount that was counted over the `interval` milliseconds before `ms` (of
    // Now::steady) evenly over the seconds, so that it does not matter when in a second a snapshot
    // comes.
    void spread(int64_t ms, uint64_t amount, uint64_t interval) {
        constexpr uint64_t longest = (SECONDS - 1) * 1000;
        const auto length = static_cast<int64_t>(std::min(interval, longest));
        const int64_t last = ms / 1000, begin = ms - length;
        uint64_t left = std::min(amount, largest_sum);
        advance(last);
        for (int64_t second = begin / 1000; second < last; second++) {
            const int64_t part = (second + 1) * 1000 - std::max(begin, second * 1000);
            const auto share =
                static_cast<uint64_t>(static_cast<double>(amount) * static_cast<double>(part) /
                                      static_cast<double>(length));
            add_up(cell(second), std::min(share, left));
            left -= std::min(share, left);
        }
        add_up(cell(last), left);
    }

    uint64_t at(int64_t second) const {
        if (second > last_ || second <= last_ - static_cast<int64_t>(SECONDS))
            return 0;
        return cells_[static_cast<size_t>(second) % SECONDS];
    }

    // The sum of the seconds [from, to).
    uint64_t sum(int64_t from, int64_t to) const {
        uint64_t all = 0;
        for (int64_t second = from; second < to; second++)
            add_up(all, at(second));
        return all;
    }

private:
    uint64_t &cell(int64_t second) { return cells_[static_cast<size_t>(second) % SECONDS]; }
    void advance(int64_t second) {
        if (second - last_ >= static_cast<int64_t>(SECONDS)) {
            cells_.fill(0);
            last_ = second;
        }
        while (last_ < second)
            cell(++last_) = 0;
    }

    std::array<uint64_t, SECONDS> cells_{};
    int64_t last_ = 0;
};

} // namespace pinpipe::web
