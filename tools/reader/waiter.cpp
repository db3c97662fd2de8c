// SPDX-License-Identifier: MIT
#include "tools/reader/waiter.h"

#include "lib/base/signals.h"

#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>

namespace pinpipe {

Result<Waiter> Waiter::make(int ring) {
    Waiter waiter;
    waiter.epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    if (!waiter.epoll_.valid() ||
        (ring >= 0 && epoll_ctl(waiter.epoll_.get(), EPOLL_CTL_ADD, ring, &event) != 0))
        return fail(system_error("wait for a ring", errno));
    epoll_event error_only{};
    error_only.events = EPOLLET; // EPOLLERR comes unasked; a file or /dev/null cannot be waited for
    epoll_ctl(waiter.epoll_.get(), EPOLL_CTL_ADD, STDOUT_FILENO, &error_only);
    return waiter;
}

void Waiter::wait(int milliseconds) {
    epoll_until_stop(epoll_.get(), milliseconds);
}

} // namespace pinpipe
