// SPDX-License-Identifier: MIT
// A ring buffer without a kernel: memory with the same layout, and a producer that does the steps
// of kernel/bpf/ringbuf.c, each of which a test can take by itself.
#pragma once

#include "lib/base/fd.h"
#include "lib/base/mapping.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace pinpipe {

class RingMemory {
public:
    static constexpr uint32_t busy = 1U << 31, discarded = 1U << 30, header = 8;

    // size: a power of two, at least a page. Both positions start at start.
    explicit RingMemory(uint32_t size, uint64_t start = 0)
        : size_(size), fd_(memfd_create("ring-memory", MFD_CLOEXEC)) {
        const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        if (ftruncate(fd_.get(), static_cast<off_t>(2 * page + size)) != 0)
            throw std::runtime_error("no memory for a ring");
        auto all = Mapping::map(fd_.get(), 2 * page + size, PROT_READ | PROT_WRITE, 0, "a ring");
        if (!all)
            throw std::runtime_error(all.error().text);
        all_ = std::move(*all);
        consumer_ = all_.as<std::atomic<uint64_t>>();
        producer_ = reinterpret_cast<std::atomic<uint64_t> *>(all_.as<char>() + page);
        data_ = all_.as<char>() + 2 * page;
        consumer() = start;
        producer() = start;
    }

    Fd fd() const { return Fd(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)); }
    std::atomic<uint64_t> &consumer() { return *consumer_; }
    std::atomic<uint64_t> &producer() { return *producer_; }
    char *data() { return data_; }
    uint32_t size() const { return size_; }

    // Returns the position of the record's header, or nothing if the record does not fit.
    std::optional<uint64_t> reserve(uint32_t length) {
        const uint64_t at = producer().load(std::memory_order_relaxed);
        const uint64_t end = at + (uint64_t{length} + header + 7) / 8 * 8;
        if (end - consumer().load(std::memory_order_acquire) > size_ - 1)
            return {};
        word(at).store(length | busy, std::memory_order_relaxed);
        producer().store(end, std::memory_order_release);
        return at;
    }
    void fill(uint64_t at, std::string_view bytes) {
        const size_t start = (at + header) & (size_ - 1);
        const size_t first = std::min(bytes.size(), size_ - start);
        std::memcpy(data_ + start, bytes.data(), first);
        std::memcpy(data_, bytes.data() + first, bytes.size() - first);
    }
    void finish(uint64_t at, uint32_t flags = 0) {
        word(at).store((word(at).load(std::memory_order_relaxed) & ~busy) | flags,
                       std::memory_order_release);
    }

    // Takes all three steps. Returns false if the record does not fit.
    bool add(std::string_view bytes, uint32_t flags = 0) {
        const auto at = reserve(static_cast<uint32_t>(bytes.size()));
        if (!at)
            return false;
        fill(*at, bytes);
        finish(*at, flags);
        return true;
    }

private:
    std::atomic<uint32_t> &word(uint64_t at) {
        return *reinterpret_cast<std::atomic<uint32_t> *>(data_ + (at & (size_ - 1)));
    }

    uint32_t size_;
    Fd fd_;
    Mapping all_;
    std::atomic<uint64_t> *consumer_ = nullptr;
    std::atomic<uint64_t> *producer_ = nullptr;
    char *data_ = nullptr;
};

} // namespace pinpipe
