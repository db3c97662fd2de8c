// SPDX-License-Identifier: MIT
#include "lib/base/signals.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <sys/epoll.h>

namespace pinpipe {
namespace {

constexpr int64_t at_once = 500'000'000; // nanoseconds

volatile std::sig_atomic_t stop = 0;
int64_t first_at = 0; // CLOCK_MONOTONIC; for the handler alone, which does not interrupt itself

int64_t monotonic_now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// A second signal gets its default action, which ends the process, unless it came with the first:
// timeout(1) signals its child, and then the child's process group.
void on_stop(int signal) {
    const int code = errno;
    if (!stop) {
        stop = signal;
        first_at = monotonic_now();
    } else if (monotonic_now() - first_at > at_once) {
        std::signal(signal, SIG_DFL);
        raise(signal); // it is blocked until the handler returns
    }
    errno = code;
}

void catch_with(void (*handler)(int), std::initializer_list<int> signals) {
    struct sigaction action {};
    action.sa_handler = handler; // no SA_RESTART: a blocked write returns
    for (const int signal : signals)
        sigaddset(&action.sa_mask, signal);
    for (const int signal : signals)
        sigaction(signal, &action, nullptr);
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
    sigset_t set = stop_signals();
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGHUP);
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
    catch_with(on_stop, {SIGINT, SIGTERM});
    catch_with(SIG_IGN, {SIGPIPE});
}

void catch_all_stop_signals() {
    catch_stop_signals();
    catch_with(on_stop, {SIGINT, SIGTERM, SIGQUIT, SIGHUP});
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
