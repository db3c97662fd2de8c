// SPDX-License-Identifier: MIT
#include "tools/reader/bound_list.h"

#include "lib/system/clock.h"
#include "tools/reader/filter.h"
#include "tools/reader/iterator_records.h"

#include <cstring>

namespace pinpipe::reader {
namespace {

constexpr int64_t interval = 1'000'000'000; // nanoseconds between looks

} // namespace

BoundList::BoundList(const Pins &pins, const socket_filter &filter)
    : path_(pins.path(bound_path)), filter_(filter) {}

// A socket that has come to listen is not gone: it is there under its other action.
std::vector<bind_record> BoundList::take_gone() {
    std::vector<bind_record> gone;
    for (auto place = told_.begin(); place != told_.end();) {
        if (place->second.look == looks_) {
            ++place;
            continue;
        }
        bind_record record = place->second.record;
        const uint64_t cookie = place->first.first;
        const bool own = place->second.own;
        place = told_.erase(place);
        if (own)
            continue;
        const auto other = told_.lower_bound({cookie, 0});
        if (other != told_.end() && other->first.first == cookie)
            continue;
        record.action = BIND_CLOSE;
        record.socket.time = static_cast<uint64_t>(boot_now());
        record.socket.flags |= SOCKET_FOUND;
        gone.push_back(record);
    }
    return gone;
}

// Of several holders the first one is told that the filter lets through.
Result<std::vector<bind_record>> BoundList::look() {
    due_ = boot_now() + interval;
    const auto bytes = read_iterator(path_);
    if (!bytes)
        return fail(bytes.error());
    looks_++;
    std::vector<bind_record> fresh;
    for (size_t at = 0; at + sizeof(bind_record) <= bytes->size(); at += sizeof(bind_record)) {
        bind_record record;
        std::memcpy(&record, bytes->data() + at, sizeof record);
        record.socket.flags |= SOCKET_FOUND; // whoever told it first
        const Key key{record.socket.cookie, record.action};
        const auto told = told_.find(key);
        if (told != told_.end())
            told->second.look = looks_;
        else if (wants_event(&filter_, &record.socket)) {
            const bool own = is_own(&filter_, &record.socket.process);
            told_[key] = {looks_, record, own};
            left_out_ += own;
            if (!own)
                fresh.push_back(record);
        }
    }
    std::vector<bind_record> gone = take_gone();
    gone.insert(gone.end(), fresh.begin(), fresh.end());
    return gone;
}

bool BoundList::note(const bind_record &record) {
    const uint64_t cookie = record.socket.cookie;
    if (record.action != BIND_CLOSE)
        return told_.insert({{cookie, record.action}, {looks_, record, false}}).second;
    const auto first = told_.lower_bound({cookie, 0}),
               end = told_.upper_bound({cookie, BIND_CLOSE});
    const bool was_told = first != end;
    told_.erase(first, end);
    return was_told;
}

} // namespace pinpipe::reader
