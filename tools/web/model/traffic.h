// SPDX-License-Identifier: MIT
// Bytes sent and received: their sums, their course over time, and the present rate.
#pragma once

#include "tools/web/model/now.h"
#include "tools/web/model/window.h"

namespace pinpipe::web {

// The bytes that one usage event reports.
struct Amount {
    uint64_t snapshot = 0; // microseconds since 1970; the same in all events of a snapshot
    uint64_t interval = 0; // milliseconds
    uint64_t sent = 0, received = 0;
};

// The rate in bytes a second, from the latest snapshot, for any interval between snapshots.
class Meter {
public:
    void add(const Amount &amount, const Now &now) {
        if (amount.snapshot != last_.snapshot)
            last_ = {.snapshot = amount.snapshot, .interval = amount.interval};
        add_up(last_.sent, amount.sent);
        add_up(last_.received, amount.received);
        seen_ = now.ms;
    }
    uint64_t sent(const Now &now) const { return rate(last_.sent, now); }
    uint64_t received(const Now &now) const { return rate(last_.received, now); }

private:
    // 0 once the next snapshot is overdue: nothing is sent any more.
    uint64_t rate(uint64_t bytes, const Now &now) const {
        const uint64_t interval = last_.interval ? last_.interval : 1000;
        const auto over = seen_ + static_cast<int64_t>(std::min<uint64_t>(interval, 1U << 30));
        constexpr int64_t late = 700;
        return now.ms > over + late ? 0 : bytes * 1000 / interval;
    }

    Amount last_;
    int64_t seen_ = 0;
};

template <size_t SECONDS> struct Traffic {
    uint64_t sent = 0, received = 0;
    Meter meter;
    Window<SECONDS> sent_over_time, received_over_time;

    void add(const Amount &amount, const Now &now) {
        add_up(sent, amount.sent);
        add_up(received, amount.received);
        meter.add(amount, now);
        sent_over_time.spread(now.steady, amount.sent, amount.interval);
        received_over_time.spread(now.steady, amount.received, amount.interval);
    }
    uint64_t rate(const Now &now) const { return meter.sent(now) + meter.received(now); }
};

// The last seconds are not shown: they are not over, or their snapshots are still to come.
inline constexpr size_t unfinished = 2;
inline constexpr size_t chart_seconds = 300 + unfinished;
inline constexpr size_t spark_seconds = 60 + unfinished;

} // namespace pinpipe::web
