// SPDX-License-Identifier: MIT
// The owner of a file descriptor: move-only, closes it on destruction; get() gives its number.
#pragma once

#include <unistd.h>
#include <utility>

namespace pinpipe {

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {} // takes ownership; negative: empty
    Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd &operator=(Fd &&other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() {
        if (fd_ >= 0)
            close(fd_);
    }

    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }
    void reset() { *this = Fd(); }
    int release() { return std::exchange(fd_, -1); } // the caller closes it

private:
    int fd_ = -1;
};

} // namespace pinpipe
