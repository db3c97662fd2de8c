// SPDX-License-Identifier: MIT
#include "lib/pins/usage_maps.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>

namespace pinpipe {
namespace {

// A process's key in who_. pid and start never repeat together, and starts are nanoseconds, so two
// processes do not get the same key in practice; the table does not check further.
uint64_t mix(uint32_t pid, uint64_t start) {
    return start ^ uint64_t { pid } << 40 ^ uint64_t { pid } >> 24;
}

// The process as it was when it made the entry.
void see_entry(const usage_key &key, const usage_sums &sums, process then,
               const std::function<void(const UsageEntry &)> &see) {
    then.uid = key.uid;
    then.cgroup = key.cgroup;
    see({key, sums, &then});
}

template <class T> T element(const std::vector<char> &bytes, size_t index) {
    T value;
    std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
    return value;
}

} // namespace

Result<UsageMaps> UsageMaps::open(const Pins &pins) {
    UsageMaps maps;
    maps.root_ = pins.root();
    const std::pair<Fd *, const MapSpec *> all[] = {{&maps.usage_, &usage_map},
                                                    {&maps.processes_, &processes_map},
                                                    {&maps.dead_, &dead_map},
                                                    {&maps.dead_state_, &dead_state_map},
                                                    {&maps.totals_, &totals_map}};
    for (const auto &[fd, spec] : all) {
        auto map = pins.open(*spec, Access::read);
        if (!map)
            return fail(map.error());
        *fd = std::move(*map);
    }
    return maps;
}

// Reads the whole map, in one system call where it fits. Entries may be added and deleted
// meanwhile; an entry that stays is read once.
Result<size_t> UsageMaps::read_batch(const Fd &map, const MapSpec &spec, std::vector<char> &keys,
                                     std::vector<char> &values) const {
    constexpr size_t room = 1024; // the kernel copies whole buckets
    const size_t most = spec.entries + room;
    if (keys.empty()) {
        keys.resize(most * spec.key_size);
        values.resize(most * spec.value_size);
    }
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    size_t total = 0;
    __u32 in = 0, out = 0;
    for (bool first = true; total < most; first = false) {
        auto count = static_cast<__u32>(most - total);
        const int code = bpf_map_lookup_batch(
            map.get(), first ? nullptr : &in, &out, keys.data() + total * spec.key_size,
            values.data() + total * spec.value_size, &count, &options);
        if (code != 0 && code != -ENOENT)
            return fail(system_error("read " + root_ + "/" + spec.path, -code));
        total += count;
        if (code == -ENOENT)
            break;
        in = out;
    }
    return total;
}

Result<void> UsageMaps::read_processes() {
    const auto count = read_batch(processes_, processes_map, process_keys_, process_values_);
    if (!count)
        return fail(count.error());
    who_.clear();
    for (size_t i = 0; i < *count; i++) {
        const auto key = element<process_key>(process_keys_, i);
        who_[mix(key.pid, key.start)] = element<process_record>(process_values_, i);
    }
    return {};
}

Result<dead_state> UsageMaps::state() const {
    dead_state state{};
    if (auto read = read_element(dead_state_, 0, state, root_ + "/" + dead_state_map.path); !read)
        return fail(read.error());
    return state;
}

Result<usage_sums> UsageMaps::full() const {
    std::vector<usage_totals> each(static_cast<size_t>(libbpf_num_possible_cpus()));
    if (auto read = read_bytes(totals_, 0, each.data(), root_ + "/" + totals_map.path); !read)
        return fail(read.error());
    usage_sums sum{};
    for (const usage_totals &t : each)
        sum = sum + t.full;
    return sum;
}

// Reads dead records up to number last. False: one of them is not written yet.
Result<bool> UsageMaps::read_dead(uint64_t last,
                                  const std::function<void(const UsageEntry &)> &see) {
    if (last >= next_ + DEAD_ENTRIES)
        next_ = last - DEAD_ENTRIES + 1;
    for (; next_ <= last; next_++) {
        dead_record record{};
        if (auto read = read_element(dead_, next_ & (DEAD_ENTRIES - 1), record,
                                     "the usage of ended processes");
            !read)
            return fail(read.error());
        if (record.number > next_)
            continue; // overwritten meanwhile
        if (record.number < next_)
            return false;
        read_ = read_ + record.sums;
        const usage_sums growth = book_.dead(record.key, record.sums);
        if (!is_zero(growth))
            see({record.key, growth, &record.process});
    }
    return true;
}

void UsageMaps::restart() {
    book_ = UsageBook();
    next_ = 1;
    started_ = false;
    full_ = {};
}

Result<void> UsageMaps::skip() {
    auto looked = look([](const UsageEntry &) {});
    return looked ? Result<void>() : fail(looked.error());
}

Result<UsageLoss> UsageMaps::look(const std::function<void(const UsageEntry &)> &see) {
    UsageLoss loss{};
    if (!started_) { // what the ring has overwritten by now is lost
        const auto before = state();
        if (!before)
            return fail(before.error());
        read_ = before->forgotten;
        loss.forgotten = before->forgotten;
        next_ = before->last >= DEAD_ENTRIES ? before->last - DEAD_ENTRIES + 1 : 1;
        started_ = true;
    }
    book_.begin();
    const auto count = read_batch(usage_, usage_map, usage_keys_, usage_values_);
    if (!count)
        return fail(count.error());
    if (auto read = read_processes(); !read)
        return fail(read.error());
    auto who = who_.end();
    for (size_t i = 0; i < *count; i++) {
        const auto key = element<usage_key>(usage_keys_, i);
        const uint64_t process = mix(key.pid, key.start);
        if (who == who_.end() || who->first != process)
            who = who_.find(process);
        if (who == who_.end() || who->second.execs != key.execs)
            continue; // the process has just ended, or replaced its image: its dead records follow
        const usage_sums growth = book_.entry(key, element<usage_sums>(usage_values_, i));
        if (!is_zero(growth))
            see_entry(key, growth, who->second.process, see);
    }
    const auto now = state();
    if (!now)
        return fail(now.error());
    const auto complete = read_dead(now->last, see);
    if (!complete)
        return fail(complete.error());
    const usage_sums vanished = book_.end(*complete);
    const usage_sums missing = now->written - read_;
    if (*complete && missing.calls_sent + missing.calls_received != 0 &&
        static_cast<int64_t>(missing.calls_sent + missing.calls_received) > 0) {
        loss.forgotten = loss.forgotten + (missing - vanished);
        read_ = now->written;
    }
    const auto filled = full();
    if (!filled)
        return fail(filled.error());
    loss.full = *filled - full_;
    full_ = *filled;
    return loss;
}

} // namespace pinpipe
