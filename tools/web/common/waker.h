// SPDX-License-Identifier: MIT
// Wakes a thread that polls, from another one.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>

namespace pinpipe::web {

class Waker {
public:
    static Result<Waker> make() {
        Waker waker;
        waker.fd_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!waker.fd_.valid())
            return fail(system_error("make an eventfd", errno));
        return waker;
    }

    int get() const { return fd_.get(); }
    void wake() const { eventfd_write(fd_.get(), 1); }
    // Whether somebody woke us since the last call.
    bool take() const {
        eventfd_t count = 0;
        return eventfd_read(fd_.get(), &count) == 0;
    }

private:
    Fd fd_;
};

} // namespace pinpipe::web
