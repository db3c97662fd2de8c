// SPDX-License-Identifier: MIT
#include "tools/reader/reader.h"

#include "lib/base/signals.h"
#include "lib/event/stream_names.h"
#include "tools/reader/loaded.h"

#include <algorithm>
#include <cstdio>

namespace pinpipe::reader {
namespace {

// Long enough that an idle reader costs nothing, short enough for the 100 ms within which an unload
// must be noticed. An event wakes an idle reader at once.
constexpr int idle_wait = 50; // milliseconds

// For a while after a wake-up the kernel sends none before an eighth of the ring is unread: what
// comes then is collected for so long. One large write is cheaper than many small ones.
constexpr int busy_wait = 5;                 // milliseconds
constexpr int64_t quiet = int64_t{WAKE_AGE}; // nanoseconds

constexpr size_t batch_records = 64;
constexpr size_t records_at_once =
    size_t{16} * 1024;                      // before time, signals and unloading are looked at
constexpr size_t block = size_t{64} * 1024; // bytes written at once while more is waiting

} // namespace

// Events: a reader slot, with the filters in it.
Result<void> Reader::open_events(const Pins &pins, const abi_record &abi) {
    const auto bits = wanted_hooks(hook_table_, request_);
    if (!bits)
        return fail(bits.error());
    claimed_ = request_.streams & event_streams;
    if (looks_.has_owners())
        claimed_ |= 1U << STREAM_BIND; // who has a port
    auto own = OwnEvents::find(pins, request_);
    if (!own)
        return fail(own.error());
    own_ = std::move(*own);
    auto claim = Claim::take(pins, abi, claimed_, [&](reader_control &control) {
        if (request_.host) {
            control.icmp.host = request_.host->host;
            control.icmp.host_mask = request_.host->mask;
        }
        control.icmp.hooks = *bits;
        control.icmp.versions = request_.versions;
        control.sockets = socket_filter_of(request_, abi.payload, own_.pipeline());
    });
    if (!claim)
        return fail(claim.error());
    claim_ = std::move(*claim);
    if (request_.streams >> STREAM_BIND & 1)
        looks_.list_bound(pins, socket_filter_of(request_, 0, own_.pipeline()));
    return {};
}

Result<Reader> Reader::open(const Request &request) {
    const Pins pins(request.pin_root);
    auto abi = pins.abi();
    if ((!abi && abi.error().exit == Exit::not_loaded) || (abi && abi->unloaded))
        return fail(nothing_for(request.pin_root, request.streams));
    if (!abi)
        return fail(abi.error());
    Reader reader(request);
    auto hooks = pins.open(hooks_map, Access::read);
    if (!hooks)
        return fail(hooks.error());
    auto table = read_hooks(*hooks, pins.path(hooks_map.path));
    if (!table)
        return fail(table.error());
    reader.hook_table_ = *table;
    const auto streams = loaded_streams(*table, request);
    if (!streams)
        return fail(streams.error());
    reader.request_.streams = *streams;
    auto abi_fd = pins.open(abi_map, Access::read);
    if (!abi_fd)
        return fail(abi_fd.error());
    reader.hooks_ = std::move(*hooks);
    reader.abi_ = std::move(*abi_fd);
    reader.hook_changes_ = abi->hook_changes;

    if (const auto there = wanted_hooks(*table, request); !there)
        return fail(there.error());
    auto looks = Looks::open(pins, reader.request_, abi->loaded);
    if (!looks)
        return fail(looks.error());
    reader.looks_ = std::move(*looks);
    if (*streams & event_streams || reader.looks_.has_owners())
        if (auto opened = reader.open_events(pins, *abi); !opened)
            return fail(opened.error());
    auto lines = EventLines::open(pins, reader.request_, abi->clock);
    if (!lines)
        return fail(lines.error());
    reader.lines_ = std::move(*lines);
    auto waiter = Waiter::make(reader.claim_ ? reader.claim_->ring().fd() : -1);
    if (!waiter)
        return fail(waiter.error());
    reader.waiter_ = std::move(*waiter);
    reader.batch_.resize(batch_records);
    if (auto refreshed = reader.refresh_hooks(); !refreshed)
        return fail(refreshed.error());
    return reader;
}

// After the loader has changed the table: names of new hooks, and new numbers of the interfaces
// asked for.
Result<void> Reader::refresh_hooks() {
    auto table = read_hooks(hooks_, "the hooks map");
    if (!table)
        return fail(table.error());
    hook_table_ = *table;
    lines_->name_hooks(hook_table_);
    looks_.name_hooks(hook_table_);
    if (claim_ && !request_.interfaces.empty())
        if (const auto bits = wanted_hooks(hook_table_, request_))
            claim_->set_hooks(*bits);
    return {};
}

// What the loader has changed since: hooks, or that there are none any more.
Result<void> Reader::look_at_abi() {
    abi_record abi{};
    if (auto read = read_element(abi_, 0, abi, "the abi record"); !read)
        return read;
    unloaded_ = abi.unloaded;
    if (abi.hook_changes == hook_changes_)
        return {};
    hook_changes_ = abi.hook_changes;
    return refresh_hooks();
}

void Reader::write(const Record &record) {
    const auto *header = record.begins_with<record_header>();
    if (!header || header->generation != claim_->generation() || header->stream >= STREAMS ||
        !(claimed_ & 1U << header->stream))
        return; // was on its way to whoever had this slot before
    const unsigned stream = header->stream;
    taken_[stream]++;
    lines_->write_lost(stream,
                       losses_[stream].before_record(claim_->lost_since(stream, header->lost)),
                       header->time);
    const auto *bound = record.as<bind_record>();
    if (stream == STREAM_BIND && bound && !looks_.note(*bound))
        return;
    if (request_.streams & 1U << stream)
        lines_->write(record, *header);
}

// With nothing waiting: losses behind the last record, and what was overwritten.
Result<void> Reader::tell_when_idle() {
    if (!claim_)
        return flush();
    const auto now = static_cast<uint64_t>(boot_now());
    // The counts before the ring: what is written in between is seen as unread.
    std::array<Claim::Counts, STREAMS> counts{};
    for (unsigned stream = 0; stream < STREAMS; stream++)
        counts[stream] = claim_->counts(stream);
    const bool overrun = claim_->ring().overrun() && claim_->ring().unread() == 0;
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        if (!(claimed_ & 1U << stream))
            continue;
        lines_->write_lost(stream, losses_[stream].when_idle(counts[stream].lost), now);
        if (overrun)
            lines_->write_lost(
                stream, losses_[stream].overwritten(counts[stream].written, taken_[stream]), now);
    }
    if (auto flushed = flush(); !flushed)
        return flushed;
    lines_->look_at_receiver();
    own_.say(lines_->events() ? 0 : left_out());
    return {};
}

uint64_t Reader::left_out() const {
    return (claim_ ? claim_->left_out() : 0) + looks_.left_out();
}

void Reader::forget_ended() {
    if (!own_.forget_ended())
        return;
    const socket_filter filter = socket_filter_of(request_, 0, own_.pipeline());
    claim_->set_own(filter);
    looks_.set_filter(filter);
}

void Reader::warn_of_tampering() {
    if (!claim_)
        return;
    const uint64_t seen = claim_->ring().tampered() + claim_->ring().overrun();
    if (seen != tampered_)
        std::fprintf(stderr,
                     "ebpf-read: another process moved the position of reader slot %u: repaired\n",
                     claim_->slot());
    tampered_ = seen;
}

Result<void> Reader::flush() {
    for (unsigned stream = 0; claim_ && stream < STREAMS; stream++)
        if (claimed_ & 1U << stream)
            claim_->note_read(stream, taken_[stream]);
    return lines_->flush();
}

// Takes out what is there, at most about a ring's worth, and writes it in blocks. Returns how many.
Result<size_t> Reader::read_some() {
    size_t total = 0;
    lines_->refresh_clock();
    while (claim_ && !lines_->over() && total < records_at_once) {
        const size_t count = claim_->ring().take(batch_);
        if (!count)
            break;
        total += count;
        for (size_t i = 0; i < count && !lines_->over(); i++)
            write(batch_[i]);
        if (lines_->size() >= block)
            if (auto flushed = flush(); !flushed)
                return fail(flushed.error());
    }
    if (auto flushed = flush(); !flushed)
        return fail(flushed.error());
    return total;
}

// Once nothing more is asked for: the rest of the ring and of the losses.
Result<void> Reader::drain() {
    if (auto looked = looks_.take_last_usage(*lines_); !looked)
        return looked;
    if (claim_) {
        claim_->stop();
        for (size_t count = 1; count && !lines_->over();) {
            const auto some = read_some();
            if (!some)
                return fail(some.error());
            count = *some;
        }
    }
    if (auto looked = looks_.take_last_ports(*lines_); !looked)
        return looked;
    return lines_->over() ? flush() : tell_when_idle();
}

// Milliseconds until something is due, now being no later than the end.
int Reader::wait_time(bool busy, int64_t now) const {
    int64_t wait = busy ? busy_wait : idle_wait;
    wait = std::min(wait, (end_ - now) / 1'000'000 + 1);
    wait = std::min(wait, std::max<int64_t>(0, looks_.due() - now) / 1'000'000 + 1);
    return static_cast<int>(wait);
}

Result<void> Reader::run(Ending &ending) {
    auto done = read();
    ending = {lines_->closed(), unloaded_, lines_->events(), lines_->lost()};
    return done;
}

Result<void> Reader::read() {
    end_ = request_.duration ? boot_now() + request_.duration : INT64_MAX;
    int64_t busy = boot_now(); // since when nothing has come
    size_t last = 0;
    while (!stop_requested() && !unloaded_) {
        const int64_t now = boot_now();
        if (end_ <= now)
            break;
        if (last < records_at_once && looks_.due() > now)
            waiter_.wait(wait_time(claim_ && now - busy <= quiet, now));
        if (auto looked = look_at_abi(); !looked)
            return looked;
        forget_ended();
        if (!unloaded_ && !stop_requested())
            if (auto looked = looks_.take_due(*lines_); !looked)
                return looked;
        const auto count = read_some();
        if (!count)
            return fail(count.error());
        last = *count;
        if (last)
            busy = boot_now();
        else if (auto told = tell_when_idle(); !told)
            return told;
        warn_of_tampering();
        if (lines_->over() || (!(claimed_ & request_.streams) && looks_.over()))
            return {};
    }
    return drain();
}

std::string Reader::description() const {
    std::string text;
    for (unsigned stream = 0; stream < STREAMS; stream++)
        if (request_.streams >> stream & 1)
            text += (text.empty() ? "" : ", ") + std::string(stream_names[stream]) +
                    (stream == STREAM_ICMP ? " on " + hook_names(hook_table_) : "");
    return text;
}

} // namespace pinpipe::reader
