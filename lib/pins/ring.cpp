// SPDX-License-Identifier: MIT
#include "lib/pins/ring.h"

#include "lib/pins/pins.h"

#include <algorithm>
#include <cstring>
#include <unistd.h>

namespace pinpipe {
namespace {

constexpr uint32_t busy = 1U << 31;
constexpr uint32_t discarded = 1U << 30;
constexpr uint32_t header = 8;

constexpr uint64_t padded(uint32_t length) {
    return (uint64_t{length} + header + 7) / 8 * 8;
}

} // namespace

Result<Ring> Ring::map(Fd ring, uint32_t size, const std::string &path) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    auto consumer = Mapping::map(ring.get(), page, PROT_READ | PROT_WRITE, 0, path);
    if (!consumer && is_frozen(ring.get()))
        return fail(failure(path + " is frozen: a member of its group did that")
                        .with_hint("sudo ebpf-load --xdp IFACE   (any load puts a new one there)"));
    if (!consumer)
        return fail(consumer.error());
    auto data = Mapping::map(ring.get(), page + size, PROT_READ, static_cast<off_t>(page), path);
    if (!data)
        return fail(data.error());

    Ring r;
    r.ring_ = std::move(ring);
    r.consumer_ = consumer->as<std::atomic<uint64_t>>();
    r.producer_ = data->as<const std::atomic<uint64_t>>();
    r.data_ = data->as<char>() + page;
    r.size_ = size;
    r.consumer_page_ = std::move(*consumer);
    r.data_pages_ = std::move(*data);
    r.skip();
    return r;
}

uint64_t Ring::producer() const {
    return producer_->load(std::memory_order_acquire);
}

uint64_t Ring::unread() const {
    return producer() - position_;
}

Result<uint64_t> Ring::unread_of(const Fd &ring, const std::string &path) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    auto consumer = Mapping::map(ring.get(), page, PROT_READ, 0, path);
    auto producer = Mapping::map(ring.get(), page, PROT_READ, static_cast<off_t>(page), path);
    if (!consumer || !producer)
        return fail(consumer ? producer.error() : consumer.error());
    const uint64_t read = consumer->as<std::atomic<uint64_t>>()->load();
    return producer->as<std::atomic<uint64_t>>()->load() - read;
}

void Ring::publish() {
    if (consumer_->load(std::memory_order_relaxed) != published_)
        tampered_++;
    published_ = position_;
    consumer_->store(position_, std::memory_order_release);
}

void Ring::skip() {
    position_ = producer();
    published_ = position_;
    consumer_->store(position_);
}

bool Ring::copy(uint64_t position, uint32_t length, Record &out) const {
    out.size = length;
    if (length > record_max)
        return false;
    const uint64_t at = (position + header) & (size_ - 1);
    const size_t first = std::min<uint64_t>(length, size_ - at);
    std::memcpy(out.bytes, data_ + at, first);
    if (first < length)
        std::memcpy(out.bytes + first, data_, length - first);
    return true;
}

size_t Ring::take(std::span<Record> out) {
    const uint64_t end = producer();
    uint64_t position = position_;
    size_t count = 0;
    bool sound = end - position <= size_;
    while (sound && count < out.size() && position < end) {
        const auto *word =
            reinterpret_cast<const std::atomic<uint32_t> *>(data_ + (position & (size_ - 1)));
        const uint32_t length = word->load(std::memory_order_acquire);
        if (length & busy)
            break;
        const uint32_t bytes = length & ~discarded;
        sound = padded(bytes) <= end - position;
        if (!sound)
            break;
        if (!(length & discarded)) // a record that is too long gets only its size
            static_cast<void>(copy(position, bytes, out[count++]));
        position += padded(bytes);
    }
    std::atomic_thread_fence(std::memory_order_acquire); // after all copies
    if (!sound || producer() - position_ > size_) {      // overwritten before or during the copies
        overrun_++;
        skip();
        return 0;
    }
    if (position != position_ || consumer_->load(std::memory_order_relaxed) != published_) {
        position_ = position;
        publish();
    }
    return count;
}

} // namespace pinpipe
