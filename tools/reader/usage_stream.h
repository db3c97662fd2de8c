// SPDX-License-Identifier: MIT
// The usage stream: a look at the accounting maps every interval, as NDJSON.
#pragma once

#include "lib/system/clock.h"
#include "tools/reader/executables.h"
#include "tools/reader/lines/usage_json.h"
#include "tools/reader/options.h"

namespace pinpipe::reader {

class UsageStream {
public:
    // loaded: when everything was, nanoseconds since 1970. Skips what has been, unless totals were
    // asked for.
    static Result<UsageStream> open(const Pins &pins, const Request &request, uint64_t loaded);

    // When the next look is due: nanoseconds of CLOCK_BOOTTIME.
    int64_t due() const { return due_; }
    // One look was all that was asked for, and it has been taken.
    bool over() const { return over_; }

    // Takes a look and writes its lines: at most most of them (0: no bound). seq goes on from what
    // it is. Returns how many events were written.
    Result<uint64_t> look(JsonLines &out, const WallClock &clock, Executables &executables,
                          std::string_view host_run, uint64_t &seq, uint64_t most);

    uint64_t lost() const { return lost_; } // calls that could not be attributed

private:
    struct Line {
        usage_key key;
        usage_sums sums;
        struct process process;
    };
    bool is_wanted(const UsageEntry &entry) const;
    void merge();

    UsageMaps maps_;
    Request request_;
    std::vector<Line> lines_;
    uint64_t loaded_ = 0;
    int64_t last_ = 0, due_ = 0; // of CLOCK_BOOTTIME
    uint64_t lost_ = 0;
    bool over_ = false;
};

} // namespace pinpipe::reader
