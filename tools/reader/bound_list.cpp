#include "tools/reader/bound_list.h"

#include "lib/clock.h"
#include "tools/reader/filter.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace pinpipe::reader {
namespace {

constexpr int64_t interval = 1'000'000'000; // nanoseconds between looks

// Each opening of the pin is a walk over the sockets of its own.
Result<std::vector<char>> read_list(const std::string &path) {
    const Fd list(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!list.valid())
        return fail(system_error("open " + path, errno));
    std::vector<char> bytes;
    for (;;) {
        const size_t size = bytes.size();
        bytes.resize(size + size_t{64} * 1024);
        const ssize_t count = read(list.get(), bytes.data() + size, bytes.size() - size);
        if (count < 0 && errno != EINTR)
            return fail(system_error("read " + path, errno));
        bytes.resize(size + static_cast<size_t>(count > 0 ? count : 0));
        if (count == 0)
            return bytes;
    }
}

} // namespace

BoundList::BoundList(const Pins &pins, const socket_filter &filter)
    : path_(pins.path(bound_path)), filter_(filter) {}

// Of several holders the first one is told that the filter lets through.
Result<std::vector<bind_record>> BoundList::look() {
    due_ = boot_now() + interval;
    const auto bytes = read_list(path_);
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
