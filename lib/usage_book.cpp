#include "lib/usage_book.h"

#include <cstring>

namespace pinpipe {
namespace {

// Keys differ in few bits, often the highest of a word (addresses are in network byte order): each
// word is mixed until all of its bits reach the lowest ones.
size_t hash_key(const usage_key &key) {
    uint64_t words[sizeof key / 8], state = 0;
    std::memcpy(words, &key, sizeof key);
    for (const uint64_t word : words) {
        state = (state ^ word) * 0x9e3779b97f4a7c15ULL;
        state = (state ^ state >> 32) * 0xd6e8feb86659fd93ULL;
        state ^= state >> 32;
    }
    return state;
}

} // namespace

UsageBook::Slot &UsageBook::find(const usage_key &key) {
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash_key(key) & mask;; at = (at + 1) & mask) {
        Slot &slot = slots_[at];
        probes_++;
        if (!slot.look || std::memcmp(&slot.key, &key, sizeof key) == 0)
            return slot;
    }
}

void UsageBook::grow() {
    std::vector<Slot> before(slots_.size() * 2);
    before.swap(slots_);
    for (const Slot &slot : before)
        if (slot.look)
            find(slot.key) = slot;
}

void UsageBook::begin() {
    look_++;
}

usage_sums UsageBook::entry(const usage_key &key, const usage_sums &sums) {
    if (used_ * 2 >= slots_.size())
        grow();
    Slot &slot = find(key);
    if (!slot.look) {
        used_++;
        slot.key = key;
    }
    slot.look = look_;
    if (slot.dead)
        return {};
    const usage_sums growth = sums - slot.last;
    slot.last = sums;
    return growth;
}

usage_sums UsageBook::dead(const usage_key &key, const usage_sums &sums) {
    if (used_ * 2 >= slots_.size())
        grow();
    Slot &slot = find(key);
    const usage_sums growth = slot.look && !slot.dead ? sums - slot.last : sums;
    if (!slot.look) {
        used_++;
        slot.key = key;
    }
    slot.look = look_;
    slot.dead = true;
    slot.last = {};
    return growth;
}

usage_sums UsageBook::end(bool complete) {
    usage_sums vanished{};
    if (!complete)
        return vanished;
    bool any = false;
    for (const Slot &slot : slots_) {
        if (!slot.look || slot.look == look_)
            continue;
        any = true;
        vanished = vanished + slot.last;
    }
    if (!any)
        return vanished;
    std::vector<Slot> before(slots_.size());
    before.swap(slots_);
    used_ = 0;
    for (const Slot &slot : before) {
        if (slot.look != look_)
            continue;
        find(slot.key) = slot;
        used_++;
    }
    return vanished;
}

} // namespace pinpipe
