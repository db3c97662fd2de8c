// SPDX-License-Identifier: MIT
// Wakes a polling thread from another thread, by an eventfd.
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
    // Whether wake() was called since the last call of take().
    bool take() const {
        eventfd_t count = 0;
        return eventfd_read(fd_.get(), &count) == 0;
    }

private:
    Fd fd_;
};

} // namespace pinpipe::web
