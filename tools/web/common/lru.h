// SPDX-License-Identifier: MIT
// A bounded map: when it is full, a new key replaces the least recently touched one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

namespace pinpipe::web {

template <class Key, class Value, class Hash = std::hash<Key>> class Lru {
public:
    using Entry = std::pair<const Key, Value>;

    explicit Lru(size_t most) : most_(most) {}

    // The value of key, made if there is none; marks it as the most recent. The reference is valid
    // until the next touch().
    Value &touch(const Key &key) {
        if (const auto found = index_.find(key); found != index_.end()) {
            entries_.splice(entries_.begin(), entries_, found->second);
            return found->second->second;
        }
        if (entries_.size() == most_) {
            index_.erase(entries_.back().first);
            entries_.pop_back();
            forgotten_++;
        }
        entries_.emplace_front(key, Value());
        index_[key] = entries_.begin();
        return entries_.front().second;
    }

    const Value *find(const Key &key) const {
        const auto found = index_.find(key);
        return found == index_.end() ? nullptr : &found->second->second;
    }
    Value *find(const Key &key) {
        const auto found = index_.find(key);
        return found == index_.end() ? nullptr : &found->second->second;
    }
    void erase(const Key &key) {
        if (const auto found = index_.find(key); found != index_.end()) {
            entries_.erase(found->second);
            index_.erase(found);
        }
    }

    // The most recently touched first.
    const std::list<Entry> &entries() const { return entries_; }
    size_t size() const { return entries_.size(); }
    uint64_t forgotten() const { return forgotten_; }

private:
    const size_t most_;
    uint64_t forgotten_ = 0;
    std::list<Entry> entries_;
    std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> index_;
};

} // namespace pinpipe::web
