// SPDX-License-Identifier: MIT
// Sleep until the kernel wakes a ring's reader, standard output's receiver goes, or a stop signal
// comes.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

namespace pinpipe {

// poll(2) on a ring returns at once while anything is unread; under load that makes many tiny
// batches. This waits edge-triggered: only for the wake-ups that the kernel program sends, when an
// eighth of the ring is unread or the last one is 50 ms old. What comes without one is there after
// the time-out.
class Waiter {
public:
    // ring: -1: there is none.
    static Result<Waiter> make(int ring);

    void wait(int milliseconds);

private:
    Fd epoll_;
};

} // namespace pinpipe
