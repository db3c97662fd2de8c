// What must be taken back if a later step fails: run in reverse on destruction, unless kept.
#pragma once

#include <functional>
#include <vector>

namespace pinpipe::loader {

class Undo {
public:
    Undo() = default;
    Undo(const Undo &) = delete;
    Undo &operator=(const Undo &) = delete;
    ~Undo() {
        while (!steps_.empty()) {
            steps_.back()();
            steps_.pop_back();
        }
    }

    void add(std::function<void()> step) { steps_.push_back(std::move(step)); }
    void keep() { steps_.clear(); } // all went well

private:
    std::vector<std::function<void()>> steps_;
};

} // namespace pinpipe::loader
