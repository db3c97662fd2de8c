// SPDX-License-Identifier: MIT
// SIGINT and SIGTERM ask a tool to stop; SIGPIPE becomes EPIPE. The one place where signals are set
// up.
#pragma once

#include <poll.h>

namespace pinpipe {

// A first signal is noted, a second one ends the process at once: nothing we wait for can hold it.
void catch_stop_signals();

// For work that must end whole and takes a moment: SIGINT, SIGTERM and SIGHUP wait until the
// process ends.
void defer_stop_signals();

// In a thread: the stop signals are for the others.
void leave_stop_signals();

bool stop_requested();

// poll(2) that a stop signal ends at any moment, also one that came just before. Negative: nothing
// was waited for, or the wait was ended (EINTR). timeout in milliseconds.
int poll_until_stop(pollfd *fds, nfds_t count, int timeout);

// The same for an epoll instance, of one event.
int epoll_until_stop(int epoll, int timeout);

} // namespace pinpipe
