// SPDX-License-Identifier: MIT
// Splits text into lines, either a whole text or bytes as they arrive. In memory there is never
// more than one line of limited length.
#pragma once

#include <string>
#include <string_view>

namespace pinpipe {

// Calls take(line) for each line, without its newline; text after the last newline is a line too.
template <class Take> void each_line(std::string_view text, Take &&take) {
    while (!text.empty()) {
        const size_t newline = text.find('\n');
        take(text.substr(0, newline));
        text.remove_prefix(newline == text.npos ? text.size() : newline + 1);
    }
}

class LineSplitter {
public:
    explicit LineSplitter(size_t longest) : longest_(longest) {}

    // Calls take(line, cut) for each complete line, without its newline. A line of more than
    // `longest` bytes is given once, cut to that, with cut set. The line is valid during the call.
    template <class Take> void feed(std::string_view bytes, Take &&take) {
        while (!bytes.empty()) {
            const size_t newline = bytes.find('\n');
            if (newline == bytes.npos) {
                keep(bytes);
                return;
            }
            close(bytes.substr(0, newline), take);
            bytes.remove_prefix(newline + 1);
        }
    }

    // Call at the end of input: text after the last newline is a line too.
    template <class Take> void end(Take &&take) {
        if (!rest_.empty())
            close({}, take);
    }

private:
    void keep(std::string_view part) {
        const size_t space = longest_ - rest_.size();
        cut_ = cut_ || part.size() > space;
        rest_.append(part.substr(0, space));
    }
    template <class Take> void close(std::string_view part, Take &&take) {
        if (rest_.empty() && part.size() <= longest_) {
            take(part, false);
            return;
        }
        keep(part);
        take(std::string_view(rest_), cut_);
        rest_.clear();
        cut_ = false;
    }

    const size_t longest_;
    std::string rest_; // the beginning of an incomplete line
    bool cut_ = false;
};

} // namespace pinpipe
