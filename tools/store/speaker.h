// SPDX-License-Identifier: MIT
// Messages on standard error while lines are stored.
#pragma once

#include "lib/base/few_a_second.h"
#include "tools/store/writer.h"

namespace pinpipe::store {

class Speaker {
public:
    explicit Speaker(bool verbose);
    ~Speaker();
    Speaker(const Speaker &) = delete;
    Speaker &operator=(const Speaker &) = delete;

    // Reports at most a few lines each second, then how many more there were; each line once.
    void bad_line(uint64_t number);
    // With -v, says how many lines are stored. On a terminal, shows progress.
    void committed(const Tally &tally, uint64_t lost);
    void trouble(const Error &error);
    void over(const std::string &path, uint64_t lost);
    void summary(const Tally &tally, uint64_t lost);

private:
    using Clock = std::chrono::steady_clock;
    void begin_line();

    const bool verbose_, terminal_;
    bool progress_ = false; // the cursor stands behind a line of progress
    FewASecond bad_lines_{5};
    uint64_t last_bad_ = 0;
    uint64_t acknowledged_ = 0, shown_lines_ = 0;
    Clock::time_point shown_ = Clock::now();
};

} // namespace pinpipe::store
