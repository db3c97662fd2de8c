// SPDX-License-Identifier: MIT
// Losses of one stream, as its reader tells them: each exactly once, at the first moment it can be
// known.
//
// The kernel counts what did not fit into the reader's ring, and every record carries that count.
// Records of several CPUs may stand in the ring in another order than they read the count: only
// rises tell. What was lost behind the last record shows in the counter itself, which is looked at
// when idle.
#pragma once

#include <cstdint>

namespace pinpipe {

class LossTracker {
public:
    // lost: a record's count since the claim, modulo 2^32. Returns how many to tell before that
    // record.
    uint64_t before_record(uint32_t lost) {
        const auto rise = static_cast<int32_t>(lost - static_cast<uint32_t>(counted_));
        if (rise <= 0)
            return 0;
        counted_ += static_cast<uint32_t>(rise);
        return static_cast<uint32_t>(rise);
    }

    // lost: the counter since the claim. Returns how many to tell now.
    uint64_t when_idle(uint64_t lost) {
        const uint64_t rise = lost > counted_ ? lost - counted_ : 0;
        counted_ += rise;
        return rise;
    }

    // Records that were written and then overwritten, since somebody moved the ring's position:
    // written minus taken out, once the ring is empty. Returns how many to tell now.
    uint64_t overwritten(uint64_t written, uint64_t taken) {
        const uint64_t missing =
            written > taken + overwritten_ ? written - taken - overwritten_ : 0;
        overwritten_ += missing;
        return missing;
    }

    uint64_t told() const { return counted_ + overwritten_; }

private:
    uint64_t counted_ = 0;
    uint64_t overwritten_ = 0;
};

} // namespace pinpipe
