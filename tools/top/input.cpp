// SPDX-License-Identifier: MIT
#include "tools/top/input.h"

#include <cerrno>
#include <unistd.h>

namespace pinpipe::top {

bool Input::read_some(int fd, const std::function<void(std::string_view)> &take) {
    char buffer[65536];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    const auto whole = [&](std::string_view line, bool) { take(line); };
    if (n == 0)
        lines_.end(whole);
    else
        lines_.feed({buffer, static_cast<size_t>(n)}, whole);
    return n != 0;
}

} // namespace pinpipe::top
