// SPDX-License-Identifier: MIT
// Checks passwords one after the other in a separate thread: hashing is slow on purpose.
#pragma once

#include "tools/web/common/pending.h"
#include "tools/web/common/waker.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pinpipe::web {

struct Check : Pending {
    Check(std::string given, std::string expected)
        : password(std::move(given)), hash(std::move(expected)) {}
    const std::string password, hash;
    bool right = false; // valid once done
};

class Verifier {
public:
    static constexpr size_t most_waiting = 32;

    // waker: wakes the thread that calls collect(), when a check has finished.
    explicit Verifier(const Waker &waker);
    ~Verifier();
    Verifier(const Verifier &) = delete;
    Verifier &operator=(const Verifier &) = delete;

    // Queues a check; nullptr if too many wait already.
    std::shared_ptr<Check> check(std::string password, std::string hash);
    void collect();

private:
    void work();

    const Waker &waker_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<Check>> waiting_;
    std::vector<std::shared_ptr<Check>> finished_;
    bool leaving_ = false;
    std::thread thread_;
};

} // namespace pinpipe::web
