// SPDX-License-Identifier: MIT
// The consumer's side of a BPF ring buffer whose consumer position others may write.
//
// The position that the kernel reads lies in a page that every member of the read group can map and
// change. So the reader keeps its own position and only publishes it; a published one that has
// changed is noticed, counted and repaired. Records are copied out first and then checked: had the
// kernel been led to overwrite them, the producer would be further ahead than the ring is large.
//
// Format (kernel/bpf/ringbuf.c): a page with the consumer position, a page with the producer
// position, then the data; both positions count bytes since creation. Each record: 32 bits of
// length with a busy and a discard bit, 32 bits unused here, the bytes, padded to 8.
#pragma once

#include "bpf/abi/control.h"
#include "lib/base/fd.h"
#include "lib/base/mapping.h"

#include <atomic>
#include <cstdint>
#include <span>

namespace pinpipe {

// Room for the largest record of any stream.
inline constexpr size_t record_max = RECORD_MAX;

struct Record {
    uint32_t size = 0;
    alignas(8) char bytes[record_max];

    // The bytes as a T, if that many arrived; else nullptr.
    template <class T> const T *as() const {
        return size == sizeof(T) ? reinterpret_cast<const T *>(bytes) : nullptr;
    }
    // The same, where more bytes may follow it.
    template <class T> const T *begins_with() const {
        return size >= sizeof(T) && size <= record_max ? reinterpret_cast<const T *>(bytes)
                                                       : nullptr;
    }
};

class Ring {
public:
    Ring() = default;

    // Takes ownership of the map; size: bytes of its data, a power of two. path: for errors.
    // What is in it already is skipped: a position that others may have written cannot say where a
    // record begins. Fails on a frozen ring: it cannot be mapped for writing.
    static Result<Ring> map(Fd ring, uint32_t size, const std::string &path);

    // Forgets all that is in it: the position becomes the producer's.
    void skip();

    // Copies up to out.size() records out and publishes the position behind them. Returns how many;
    // records that the kernel has not finished end the batch.
    size_t take(std::span<Record> out);

    uint64_t unread() const; // bytes

    // Bytes between the published positions of a ring that somebody else reads. More than its size:
    // the consumer's position is nonsense.
    static Result<uint64_t> unread_of(const Fd &ring, const std::string &path);
    int fd() const { return ring_.get(); }

    // How often somebody else had changed the published position, and how often that cost records.
    uint64_t tampered() const { return tampered_; }
    uint64_t overrun() const { return overrun_; }

private:
    uint64_t producer() const;
    void publish();
    bool copy(uint64_t position, uint32_t length, Record &out) const;

    Fd ring_;
    Mapping consumer_page_, data_pages_;
    std::atomic<uint64_t> *consumer_ = nullptr;
    const std::atomic<uint64_t> *producer_ = nullptr;
    const char *data_ = nullptr;
    uint64_t size_ = 0;
    uint64_t position_ = 0;
    uint64_t published_ = 0;
    uint64_t tampered_ = 0;
    uint64_t overrun_ = 0;
};

} // namespace pinpipe
