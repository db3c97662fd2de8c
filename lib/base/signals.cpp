// SPDX-License-Identifier: MIT
#include "lib/base/signals.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <sys/epoll.h>

namespace pinpipe {
namespace {

volatile std::sig_atomic_t stop = 0;

// After the first signal both get their default action: a second one of either kind ends the
// process.
void on_stop(int signal) {
    stop = signal;
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

// Calls wait(mask) with the stop signals blocked; wait unblocks them by the mask, so they arrive
// there and at no other time.
template <class Wait> int until_stop(Wait wait) {
    const sigset_t set = stop_signals();
    sigset_t before;
    sigprocmask(SIG_BLOCK, &set, &before);
    int ready = -1;
    if (stop)
        errno = EINTR;
    else
        ready = wait(before);
    const int code = errno;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    errno = code;
    return ready;
}

} // namespace

void catch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop; // no SA_RESTART: a blocked write returns
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
}

void defer_stop_signals() {
    sigset_t set = stop_signals();
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, nullptr);
}

void leave_stop_signals() {
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool stop_requested() {
    return stop != 0;
}

int poll_until_stop(pollfd *fds, nfds_t count, int timeout) {
    const timespec limit{timeout / 1000, timeout % 1000 * 1'000'000L};
    return until_stop([&](const sigset_t &during) { return ppoll(fds, count, &limit, &during); });
}

int epoll_until_stop(int epoll, int timeout) {
    epoll_event event;
    return until_stop(
        [&](const sigset_t &during) { return epoll_pwait(epoll, &event, 1, timeout, &during); });
}

} // namespace pinpipe
