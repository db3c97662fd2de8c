// SPDX-License-Identifier: MIT
#include "tools/reader/ports_stream.h"

#include "tools/reader/filter.h"
#include "tools/reader/iterator_records.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace pinpipe::reader {
namespace {

count_record since(const count_record &now, const count_record &before) {
    if (now.packets < before.packets) // a hook's number came to be another hook
        return now;
    return {now.packets - before.packets, now.bytes - before.bytes};
}

uint64_t place_word(const port_user &user) {
    return uint64_t{user.netns} << 32 | user.index;
}

// pid and start never repeat together: mixing loses nothing that matters.
uint64_t process_word(const port_user &user) {
    return user.start ^ uint64_t { user.pid } << 40;
}

} // namespace

Result<PortsStream> PortsStream::open(const Pins &pins, const Request &request, uint64_t loaded) {
    PortsStream stream;
    auto maps = PortMaps::open(pins);
    if (!maps)
        return fail(maps.error());
    stream.maps_ = std::move(*maps);
    stream.request_ = request;
    stream.loaded_ = loaded;
    if (stream.maps_.has_sockets())
        stream.bound_ = pins.path(bound_path);
    stream.last_ = boot_now();
    stream.due_ = stream.last_; // the first look tells who has the ports
    return stream;
}

void PortsStream::name_hooks(const HookTable &hooks) {
    hooks_ = hooks;
    for (unsigned hook = 0; hook < MAX_HOOKS; hook++)
        if (hooks[hook].kind == HOOK_XDP)
            runs_[hook] = interface_run(hooks[hook].name);
}

Result<void> PortsStream::look_at_counts() {
    const auto counts = maps_.counts();
    if (!counts)
        return fail(counts.error());
    for (const PortCount &count : *counts) {
        const uint32_t key = COUNT_KEY(count.hook, count.sent ? COUNT_SENT : 0, count.index);
        const count_record sum = request_.since_load ? count.sum : since(count.sum, before_[key]);
        before_[key] = count.sum;
        if (!sum.packets || !is_there(count.hook) || (first_ && !request_.since_load))
            continue;
        Sums &sums = lines_[{count.hook, count.index}];
        (count.sent ? sums.sent : sums.received) = sum;
    }
    return {};
}

// A list that is gone: the probes are being taken away.
Result<void> PortsStream::look_at_owners() {
    if (bound_.empty())
        return {};
    const auto bytes = read_iterator(bound_);
    if (!bytes && bytes.error().code != ENOENT)
        return fail(bytes.error());
    std::vector<bind_record> all(bytes ? bytes->size() / sizeof(bind_record) : 0);
    if (!all.empty())
        std::memcpy(all.data(), bytes->data(), all.size() * sizeof(bind_record));
    owners_.look(all);
    const auto uses = maps_.uses();
    if (!uses)
        return fail(uses.error());
    for (const PortUse &use : *uses) {
        port_usage &before = used_[{process_word(use.user), place_word(use.user)}];
        port_usage sum = use.sum;
        if (!request_.since_load && sum.bytes_sent >= before.bytes_sent &&
            sum.bytes_received >= before.bytes_received) {
            sum.bytes_sent -= before.bytes_sent;
            sum.bytes_received -= before.bytes_received;
        }
        before = use.sum;
        if ((sum.bytes_sent || sum.bytes_received) && (!first_ || request_.since_load))
            owners_.use(use.user, sum);
    }
    return {};
}

// A port that is watched for some process is told of while it has it, and once when it has gone.
Result<bool> PortsStream::is_told(const PortPlace &place) {
    const auto word = maps_.word(place.index);
    if (!word)
        return fail(word.error());
    if ((*word & WATCH_ALWAYS) == WATCH_ALWAYS)
        return true;
    const bool counted = *word & WATCH_ALWAYS;
    return std::exchange(was_counted_[place.index], counted) || counted;
}

// Lines of ports whose owners are others now, on each of their interfaces.
Result<void> PortsStream::add_owners() {
    for (const PortPlace &place : owners_.changed()) {
        const auto told = is_told(place);
        if (!told)
            return fail(told.error());
        for (unsigned hook = 0; hook < MAX_HOOKS && *told; hook++)
            if (hooks_[hook].kind == HOOK_XDP && hooks_[hook].netns == place.netns)
                lines_.try_emplace({hook, place.index});
    }
    return {};
}

bool PortsStream::is_wanted(const Place &place) const {
    if (!none_or_within(request_.ports, static_cast<uint16_t>(place.index)) ||
        !none_or_has(request_.interfaces, std::string(hooks_[place.hook].name)) ||
        !none_or_has(request_.protos, std::string(place.index >> 16 == RULE_UDP ? "udp" : "tcp")))
        return false;
    if (request_.pids.empty() && request_.comms.empty())
        return true;
    const auto &owners =
        owners_.owners({static_cast<uint32_t>(hooks_[place.hook].netns), place.index});
    return std::any_of(owners.begin(), owners.end(), [&](const PortOwner &owner) {
        return none_or_has(request_.pids, owner.pid) && none_or_has(request_.comms, owner.comm);
    });
}

Result<uint64_t> PortsStream::write(JsonLines &out, PortsContext &context, uint64_t &seq,
                                    uint64_t most) {
    uint64_t written = 0;
    for (const auto &[place, sums] : lines_) {
        if (most && written == most)
            break;
        if (!is_wanted(place))
            continue;
        PortsEntry entry;
        entry.index = place.index;
        entry.received = sums.received;
        if (hooks_[place.hook].flags & HOOK_SENT)
            entry.sent = sums.sent;
        if (!bound_.empty())
            entry.owners =
                owners_.owners({static_cast<uint32_t>(hooks_[place.hook].netns), place.index});
        context.line.seq = ++seq;
        context.line.hook_run = runs_[place.hook];
        write_ports(out, entry, context);
        written++;
    }
    return written;
}

// What is counted by interface, and not by port.
Result<uint64_t> PortsStream::write_apart(JsonLines &out, PortsContext &context, uint64_t &seq) {
    const auto counters = maps_.counters();
    if (!counters)
        return fail(counters.error());
    uint64_t written = 0;
    for (unsigned hook = 0; hook < MAX_HOOKS; hook++) {
        const hook_counters now = (*counters)[hook];
        const hook_counters before = request_.since_load ? hook_counters{} : counters_[hook];
        counters_[hook] = now;
        if (!is_there(hook) || (first_ && !request_.since_load) ||
            !none_or_has(request_.interfaces, std::string(hooks_[hook].name)))
            continue;
        context.line.hook_run = runs_[hook];
        context.line.seq = 0;
        if (const count_record lost{now.uncounted - before.uncounted,
                                    now.uncounted_bytes - before.uncounted_bytes};
            lost.packets) {
            write_ports_lost(out, lost, context);
            lost_ += lost.packets;
        }
        PacketsApart apart{
            now.port_fragments - before.port_fragments, now.malformed - before.malformed, {}};
        if (hooks_[hook].flags & HOOK_SENT)
            apart.sent_fragments = now.sent_fragments - before.sent_fragments;
        if (!(apart.fragments | apart.malformed | apart.sent_fragments.value_or(0)))
            continue;
        context.line.seq = ++seq;
        write_ports_apart(out, apart, context);
        written++;
    }
    return written;
}

Result<uint64_t> PortsStream::look(JsonLines &out, const WallClock &clock,
                                   std::string_view host_run, uint64_t &seq, uint64_t most) {
    lines_.clear();
    if (request_.since_load)
        lost_ = 0; // it is told anew each time
    for (auto step :
         {&PortsStream::look_at_counts, &PortsStream::look_at_owners, &PortsStream::add_owners})
        if (auto done = (this->*step)(); !done)
            return fail(done.error());
    const int64_t now = boot_now();
    PortsContext context;
    context.line.microseconds = clock.microseconds(static_cast<uint64_t>(now));
    context.line.host_run = host_run;
    context.boot = clock.first();
    context.total = request_.since_load;
    context.interval = request_.since_load ? context.line.microseconds - loaded_ / 1000
                                           : static_cast<uint64_t>(now - last_) / 1000;
    auto written = write(out, context, seq, most);
    if (written && (!most || *written < most) && request_.pids.empty() && request_.comms.empty() &&
        request_.ports.empty() && request_.protos.empty()) {
        const auto apart = write_apart(out, context, seq);
        if (!apart)
            return fail(apart.error());
        *written += *apart;
    }
    owners_.forget();
    first_ = false;
    last_ = now;
    due_ = std::max(due_ + (request_.interval ? request_.interval : 1), now);
    over_ = request_.since_load && !request_.interval;
    return written;
}

} // namespace pinpipe::reader
