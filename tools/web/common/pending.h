// SPDX-License-Identifier: MIT
// Work that takes too long for the thread that serves all connections: the request that needs it
// waits until it is done.
#pragma once

namespace pinpipe::web {

struct Pending {
    virtual ~Pending() = default;
    bool done = false; // set and read by the thread that serves connections
};

} // namespace pinpipe::web
