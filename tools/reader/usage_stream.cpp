// SPDX-License-Identifier: MIT
#include "tools/reader/usage_stream.h"

#include "tools/reader/filter.h"

#include <algorithm>
#include <cstring>

namespace pinpipe::reader {

Result<UsageStream> UsageStream::open(const Pins &pins, const Request &request, uint64_t loaded) {
    UsageStream stream;
    auto maps = UsageMaps::open(pins);
    if (!maps)
        return fail(maps.error());
    stream.maps_ = std::move(*maps);
    stream.request_ = request;
    stream.loaded_ = loaded;
    stream.last_ = boot_now();
    stream.due_ = stream.last_ + (request.since_load ? 0 : request.interval);
    if (!request.since_load)
        if (auto skipped = stream.maps_.skip(); !skipped)
            return fail(skipped.error());
    return stream;
}

bool UsageStream::is_wanted(const UsageEntry &entry) const {
    const usage_key &key = entry.key;
    const char *comm = entry.process->comm;
    if (!none_or_has(request_.pids, key.pid) ||
        !none_or_has(request_.comms,
                     std::string(comm, strnlen(comm, sizeof entry.process->comm))) ||
        !none_or_has(request_.protos, usage_proto(key.proto)))
        return false;
    if (request_.host &&
        (!key.known || differs(&key.remote, &request_.host->host, &request_.host->mask)))
        return false;
    return none_or_within(request_.ports, key.port);
}

// In the order of their keys, one line for each; without ports, those of one remote address are
// one.
void UsageStream::merge() {
    if (!request_.by_port)
        for (Line &line : lines_)
            line.key.port = 0;
    const auto compare = [](const Line &a, const Line &b) {
        return std::memcmp(&a.key, &b.key, sizeof a.key);
    };
    std::stable_sort(lines_.begin(), lines_.end(),
                     [&](const Line &a, const Line &b) { return compare(a, b) < 0; });
    size_t kept = 0;
    for (size_t i = 0; i < lines_.size(); i++) {
        if (kept && compare(lines_[kept - 1], lines_[i]) == 0) {
            lines_[kept - 1].sums = lines_[kept - 1].sums + lines_[i].sums;
            lines_[kept - 1].process = lines_[i].process; // its name may have changed
        } else {
            lines_[kept++] = lines_[i];
        }
    }
    lines_.resize(kept);
}

Result<uint64_t> UsageStream::look(JsonLines &out, const WallClock &clock, Executables &executables,
                                   std::string_view host_run, uint64_t &seq, uint64_t most) {
    lines_.clear();
    if (request_.since_load)
        maps_.restart();
    const auto loss = maps_.look([this](const UsageEntry &entry) {
        if (is_wanted(entry))
            lines_.push_back({entry.key, entry.sums, *entry.process});
    });
    if (!loss)
        return fail(loss.error());
    merge();

    const int64_t now = boot_now();
    UsageContext context;
    context.line.microseconds = clock.microseconds(static_cast<uint64_t>(now));
    context.line.host_run = host_run;
    context.boot = clock.first();
    context.total = request_.since_load;
    context.interval = request_.since_load ? context.line.microseconds - loaded_ / 1000
                                           : static_cast<uint64_t>(now - last_) / 1000;
    uint64_t written = 0;
    for (const Line &line : lines_) {
        if (most && written == most)
            break;
        context.line.seq = ++seq;
        context.exe_run = executables.run(line.process.exe, context.line.microseconds);
        write_usage(out, {line.key, line.sums, &line.process}, request_.by_port, context);
        written++;
    }
    if (request_.since_load)
        lost_ = 0; // it is told anew each time
    for (const auto &[reason, sums] :
         {std::pair{"full", loss->full}, std::pair{"forgotten", loss->forgotten}}) {
        if (is_zero(sums))
            continue;
        write_usage_lost(out, reason, sums, context);
        lost_ += sums.calls_sent + sums.calls_received;
    }
    last_ = now;
    due_ = std::max(due_ + request_.interval, now);
    over_ = request_.since_load && !request_.interval;
    return written;
}

} // namespace pinpipe::reader
