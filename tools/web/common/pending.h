// SPDX-License-Identifier: MIT
// Something that takes longer than a thread with many connections may wait: a request sleeps until
// it is done.
#pragma once

namespace pinpipe::web {

struct Pending {
    virtual ~Pending() = default;
    bool done = false; // set and read by the thread that serves connections
};

} // namespace pinpipe::web
