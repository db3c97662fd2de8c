#include "tools/top/input.h"

#include <cerrno>
#include <unistd.h>

namespace pinpipe::top {

bool Input::read_some(int fd, const std::function<void(std::string_view)> &take) {
    char buffer[65536];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n == 0) {
        if (!rest_.empty() && !skipping_)
            take(rest_);
        rest_.clear();
        return false;
    }
    std::string_view text(buffer, static_cast<size_t>(n));
    while (!text.empty()) {
        const size_t newline = text.find('\n');
        const std::string_view part = text.substr(0, newline);
        if (!skipping_)
            rest_.append(part);
        if (newline == text.npos) {
            if (!skipping_ && rest_.size() > longest) {
                take(rest_);
                rest_.clear();
                skipping_ = true;
            }
            break;
        }
        if (!skipping_)
            take(rest_);
        rest_.clear();
        skipping_ = false;
        text.remove_prefix(newline + 1);
    }
    return true;
}

} // namespace pinpipe::top
