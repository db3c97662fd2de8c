#include "lib/signals.h"

#include <cerrno>
#include <csignal>
#include <ctime>

namespace pinpipe {
namespace {

volatile std::sig_atomic_t stop = 0;

void on_stop(int signal) {
    stop = signal;
}

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

} // namespace

void catch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND); // no SA_RESTART: a blocked write comes back
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

bool stop_requested() {
    return stop != 0;
}

int poll_until_stop(pollfd *fds, nfds_t count, int timeout) {
    const sigset_t set = stop_signals();
    sigset_t before;
    sigprocmask(SIG_BLOCK, &set, &before);
    int ready = -1;
    if (stop) {
        errno = EINTR;
    } else {
        const timespec limit{timeout / 1000, timeout % 1000 * 1'000'000L};
        ready = ppoll(fds, count, &limit, &before);
    }
    const int code = errno;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    errno = code;
    return ready;
}

} // namespace pinpipe
