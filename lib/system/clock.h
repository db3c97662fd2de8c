// SPDX-License-Identifier: MIT
// Converts times of the boot clock, which records carry, to the time of day.
#pragma once

#include <cstdint>

namespace pinpipe {

int64_t boot_now(); // nanoseconds of CLOCK_BOOTTIME

// The offset of CLOCK_REALTIME from CLOCK_BOOTTIME. Both clocks are slewed alike, so it changes
// only when the time of day is set. The loader measures the offset once, and readers begin with it:
// so the same record has the same time in the output of each. refresh() follows a change of the
// time of day, by whole steps: readers that measure a little different offsets still agree.
class WallClock {
public:
    WallClock();                                                            // measures the offset
    explicit WallClock(int64_t offset) : first_(offset), offset_(offset) {} // of the load

    void refresh();
    int64_t offset() const { return offset_; } // nanoseconds
    // The one that it began with: what it makes of a time stays the same when the clock is set.
    int64_t first() const { return first_; }
    uint64_t microseconds(uint64_t boot_nanoseconds) const {
        return (boot_nanoseconds + static_cast<uint64_t>(offset_)) / 1000;
    }

private:
    int64_t first_, offset_;
};

} // namespace pinpipe
