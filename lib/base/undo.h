// SPDX-License-Identifier: MIT
// Steps that undo a change: they run in reverse order on destruction, unless keep() was called.
#pragma once

#include <functional>
#include <vector>

namespace pinpipe {

class Undo {
public:
    Undo() = default;
    Undo(const Undo &) = delete;
    Undo &operator=(const Undo &) = delete;
    ~Undo() {
        while (!steps_.empty()) {
            steps_.back()();
            steps_.pop_back(); // releases what the step owns before the next one runs
        }
    }

    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    void keep() { steps_.clear(); } // the whole change has succeeded

private:
    std::vector<std::function<void()>> steps_;
};

} // namespace pinpipe
