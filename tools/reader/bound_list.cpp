#include "tools/reader/bound_list.h"

#include "lib/clock.h"
#include "tools/reader/filter.h"
#include "tools/reader/iterator.h"

#include <cstring>

namespace pinpipe::reader {
namespace {

constexpr int64_t interval = 1'000'000'000; // nanoseconds between looks

} // namespace

BoundList::BoundList(const Pins &pins, const socket_filter &filter)
    : path_(pins.path(bound_path)), filter_(filter) {}

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
        const Key key{record.socket.cookie, record.action};
        const auto told = told_.find(key);
        if (told != told_.end())
            told->second = looks_;
        else if (passes(filter_, record.socket)) {
            told_[key] = looks_;
            fresh.push_back(record);
        }
    }
    for (auto place = told_.begin(); place != told_.end();)
        place = place->second == looks_ ? std::next(place) : told_.erase(place);
    return fresh;
}

bool BoundList::note(const bind_record &record) {
    return told_.insert({{record.socket.cookie, record.action}, looks_}).second;
}

} // namespace pinpipe::reader
