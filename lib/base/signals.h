// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM ask a tool to stop; SIGPIPE becomes EPIPE. Signals are set up only here.
#pragma once

#include <poll.h>

namespace pinpipe {

// The first stop signal is noted. One that comes half a second later or more ends the process at
// once, whatever it waits for.
void catch_stop_signals();

// The same, and SIGQUIT and SIGHUP are stop signals too: for a program that must give the terminal
// back as it was.
void catch_all_stop_signals();

// For short work that must be completed: SIGINT, SIGTERM and SIGHUP are blocked until the process
// ends.
void defer_stop_signals();

// Blocks the stop signals in the calling thread, so that other threads get them.
void leave_stop_signals();

bool stop_requested();

// poll(2) that a stop signal ends at any time, even one that came just before. Negative: an error,
// or a stop signal (EINTR). timeout: milliseconds.
int poll_until_stop(pollfd *fds, nfds_t count, int timeout);

// The same for an epoll instance; waits for one event.
int epoll_until_stop(int epoll, int timeout);

} // namespace pinpipe
