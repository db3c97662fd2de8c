// SPDX-License-Identifier: MIT
#include "tools/web/access/verifier.h"

#include "lib/base/signals.h"
#include "tools/web/access/passwords.h"

namespace pinpipe::web {

Verifier::Verifier(const Waker &waker) : waker_(waker), thread_([this] { work(); }) {}

Verifier::~Verifier() {
    {
        const std::lock_guard hold(mutex_);
        leaving_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

std::shared_ptr<Check> Verifier::check(std::string password, std::string hash) {
    auto check = std::make_shared<Check>(std::move(password), std::move(hash));
    {
        const std::lock_guard hold(mutex_);
        if (waiting_.size() >= most_waiting)
            return nullptr;
        waiting_.push_back(check);
    }
    changed_.notify_all();
    return check;
}

void Verifier::collect() {
    const std::lock_guard hold(mutex_);
    for (const auto &check : finished_)
        check->done = true;
    finished_.clear();
}

void Verifier::work() {
    leave_stop_signals();
    std::unique_lock hold(mutex_);
    for (;;) {
        changed_.wait(hold, [&] { return leaving_ || !waiting_.empty(); });
        if (leaving_)
            return;
        const auto check = waiting_.front();
        waiting_.pop_front();
        hold.unlock();
        check->right = is_password(check->password, check->hash);
        hold.lock();
        finished_.push_back(check);
        waker_.wake();
    }
}

} // namespace pinpipe::web
