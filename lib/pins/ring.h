// SPDX-License-Identifier: MIT
// The consumer's side of a BPF ring buffer whose consumer position other processes may write.
//
// The consumer position that the kernel reads lies in a page that every member of the read group
// can map and change. So the reader keeps its own position and only publishes it; a published
// position that has changed is noticed, counted and repaired. Records are copied out first and then
// checked: had the kernel been led to overwrite them, the producer position would be further ahead
// than the ring is large.
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

// The size of the largest record of any stream, in bytes.
inline constexpr size_t record_max = RECORD_MAX;

struct Record {
    uint32_t size = 0;
    alignas(8) char bytes[record_max];

    // The bytes as a T, if that many arrived; else nullptr.
    template <class T> const T *as() const {
        return size == sizeof(T) ? reinterpret_cast<const T *>(bytes) : nullptr;
    }
    // The same, where more bytes may follow the T.
    template <class T> const T *begins_with() const {
        return size >= sizeof(T) && size <= record_max ? reinterpret_cast<const T *>(bytes)
                                                       : nullptr;
    }
};

class Ring {
public:
    Ring() = default;

    // Takes ownership of the map. size: bytes of its data, a power of two. path: for errors.
    // Records that are already in the ring are skipped: a position that others may have written
    // cannot say where a record begins. Fails on a frozen ring, which cannot be mapped for writing.
    static Result<Ring> map(Fd ring, uint32_t size, const std::string &path);

    // Drops all unread records: the consumer position becomes the producer's.
    void skip();

    // Copies up to out.size() records and publishes the position behind them. Returns how many. A
    // record that the kernel has not finished ends the batch.
    size_t take(std::span<Record> out);

    uint64_t unread() const; // bytes

    // Bytes between the published positions of a ring that another process reads. A value above the
    // ring's size: the consumer position is invalid.
    static Result<uint64_t> unread_of(const Fd &ring, const std::string &path);
    int fd() const { return ring_.get(); }

    // How often another process had changed the published position, and how often that cost
    // records.
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
