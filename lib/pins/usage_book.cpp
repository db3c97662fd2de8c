// SPDX-License-Identifier: MIT
#include "lib/pins/usage_book.h"

#include "lib/base/hash.h"

#include <algorithm>
#include <cstring>

namespace pinpipe {
namespace {

size_t hash_key(const usage_key &key) {
    uint64_t words[sizeof key / 8], state = 0;
    std::memcpy(words, &key, sizeof key);
    for (const uint64_t word : words)
        state = mix(state, word);
    return state;
}

bool same(const usage_key &a, const usage_key &b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

} // namespace

// places_ holds numbers of slots, counted from 1; 0: a free place.
UsageBook::Slot &UsageBook::find(const usage_key &key) {
    if (next_ < slots_.size() && same(slots_[next_].key, key))
        return slots_[next_++];
    if ((slots_.size() + 1) * 2 >= places_.size()) {
        places_.resize(places_.size() * 2);
        index();
    }
    const size_t mask = places_.size() - 1;
    size_t at = hash_key(key) & mask;
    for (; places_[at]; at = (at + 1) & mask) {
        probes_++;
        Slot &slot = slots_[places_[at] - 1];
        if (!same(slot.key, key))
            continue;
        next_ = places_[at];
        return slot;
    }
    probes_++;
    slots_.push_back({key, {}, 0, false});
    next_ = slots_.size();
    places_[at] = static_cast<uint32_t>(next_);
    return slots_.back();
}

void UsageBook::index() {
    const size_t mask = places_.size() - 1;
    std::fill(places_.begin(), places_.end(), 0);
    for (size_t i = 0; i < slots_.size(); i++) {
        size_t at = hash_key(slots_[i].key) & mask;
        while (places_[at])
            at = (at + 1) & mask;
        places_[at] = static_cast<uint32_t>(i + 1);
    }
}

void UsageBook::begin() {
    look_++;
    next_ = 0;
}

usage_sums UsageBook::entry(const usage_key &key, const usage_sums &sums) {
    Slot &slot = find(key);
    slot.look = look_;
    if (slot.dead)
        return {};
    const usage_sums growth = sums - slot.last;
    slot.last = sums;
    return growth;
}

usage_sums UsageBook::dead(const usage_key &key, const usage_sums &sums) {
    Slot &slot = find(key);
    const usage_sums growth = slot.look && !slot.dead ? sums - slot.last : sums;
    slot.look = look_;
    slot.dead = true;
    slot.last = {};
    return growth;
}

usage_sums UsageBook::end(bool complete) {
    usage_sums vanished{};
    if (!complete)
        return vanished;
    for (const Slot &slot : slots_)
        if (slot.look != look_)
            vanished = vanished + slot.last;
    if (std::erase_if(slots_, [&](const Slot &slot) { return slot.look != look_; }))
        index();
    return vanished;
}

} // namespace pinpipe
