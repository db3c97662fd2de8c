// SPDX-License-Identifier: MIT
// The last lines of one kind of event, each with its process.
#pragma once

#include "tools/web/model/processes.h"

#include <deque>
#include <functional>

namespace pinpipe::web {

class Recent {
public:
    static constexpr size_t most_lines = 4096, most_bytes = 1 << 20;

    void add(const ProcessKey &key, std::string_view line) {
        lines_.push_back({key, std::string(line)});
        bytes_ += line.size();
        while (lines_.size() > most_lines || bytes_ > most_bytes) {
            bytes_ -= lines_.front().text.size();
            lines_.pop_front();
        }
    }

    // Calls take for up to `most` lines, the latest first. key: only lines of this process; null:
    // of all.
    void each(size_t most, const ProcessKey *key,
              const std::function<void(std::string_view)> &take) const {
        for (auto at = lines_.rbegin(); at != lines_.rend() && most; ++at)
            if (!key || at->key == *key) {
                take(at->text);
                most--;
            }
    }

private:
    struct Line {
        ProcessKey key;
        std::string text;
    };
    std::deque<Line> lines_;
    size_t bytes_ = 0;
};

} // namespace pinpipe::web
