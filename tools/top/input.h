// Lines of standard input as they come, never more in memory than one line may have.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace pinpipe::top {

class Input {
public:
    static constexpr size_t longest = 1 << 20;

    // Reads once what there is; calls take for each whole line, without its newline. A longer one
    // is given as far as it fits, once. False: that was the end.
    bool read_some(int fd, const std::function<void(std::string_view)> &take);

private:
    std::string rest_;
    bool skipping_ = false; // the end of a line that was too long
};

} // namespace pinpipe::top
