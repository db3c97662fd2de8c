// SPDX-License-Identifier: MIT
// Limits messages to a few a second and counts the others: for complaints whose number is in the
// hands of others.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace pinpipe {

class FewASecond {
public:
    using Clock = std::chrono::steady_clock;

    explicit FewASecond(uint64_t most) : most_(most) {}

    struct Verdict {
        bool say = false;
        uint64_t unsaid = 0; // messages not printed in the seconds before: report now
    };
    Verdict next(Clock::time_point now = Clock::now()) {
        Verdict verdict;
        if (now - second_ >= std::chrono::seconds(1)) {
            verdict.unsaid = std::exchange(unsaid_, 0);
            second_ = now;
            said_ = 0;
        }
        verdict.say = said_ < most_;
        (verdict.say ? said_ : unsaid_)++;
        return verdict;
    }

private:
    const uint64_t most_;
    uint64_t said_ = 0, unsaid_ = 0;
    Clock::time_point second_ = Clock::now();
};

} // namespace pinpipe
