// SPDX-License-Identifier: MIT
// Converts times of the boot clock, which records carry, to the time of day.
#pragma once

#include <cstdint>

namespace pinpipe {

int64_t boot_now(); // nanoseconds of CLOCK_BOOTTIME

// The offset of CLOCK_REALTIME from CLOCK_BOOTTIME. Both clocks are slewed alike, so it changes
// only when the time of day is set; refresh() follows that and ignores smaller differences, which
// are measuring errors.
class WallClock {
public:
    WallClock() { refresh(); }
    void refresh();
    int64_t offset() const { return offset_; } // nanoseconds
    uint64_t microseconds(uint64_t boot_nanoseconds) const {
        return (boot_nanoseconds + static_cast<uint64_t>(offset_)) / 1000;
    }

private:
    int64_t offset_ = 0;
};

} // namespace pinpipe
