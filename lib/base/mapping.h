// SPDX-License-Identifier: MIT
// The owner of a shared memory mapping.
#pragma once

#include "lib/base/error.h"

#include <cstddef>
#include <string>
#include <sys/mman.h>
#include <utility>

namespace pinpipe {

class Mapping {
public:
    Mapping() = default;
    Mapping(Mapping &&other) noexcept
        : at_(std::exchange(other.at_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Mapping &operator=(Mapping &&other) noexcept {
        std::swap(at_, other.at_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Mapping() {
        if (at_)
            munmap(at_, size_);
    }

    // Maps size bytes of fd at offset (a multiple of the page size), shared. name: for the error.
    static Result<Mapping> map(int fd, size_t size, int protection, off_t offset,
                               const std::string &name);

    template <class T> T *as() const { return static_cast<T *>(at_); }
    size_t size() const { return size_; }

private:
    void *at_ = nullptr;
    size_t size_ = 0;
};

} // namespace pinpipe
