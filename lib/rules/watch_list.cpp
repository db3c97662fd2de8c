// SPDX-License-Identifier: MIT
#include "lib/rules/watch_list.h"

#include "lib/pins/components.h"
#include "lib/pins/iterator.h"
#include "lib/pins/map_elements.h"
#include "lib/rules/watch_keys.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <set>
#include <unistd.h>

namespace pinpipe {
namespace {

constexpr auto words_count = static_cast<size_t>(WATCHED_WORDS);

using Keys = std::set<watch_key, KeyOrder>;

const AdminSet watch_set = {watch_maps, "--xdp IFACE", "watches"};

Keys keys_of(const std::vector<WatchList::Waiting> &all) {
    Keys keys;
    for (const WatchList::Waiting &one : all)
        keys.insert(one.key);
    return keys;
}

Error no_room(size_t there, size_t more) {
    return failure("no room for " + std::to_string(more) + " more watches of processes: " +
                   std::to_string(there) + " of " + std::to_string(MAX_WATCHES) + " are in use")
        .with_hint("ebpf-ctl watches   (unwatch what is not needed)");
}

} // namespace

std::string watched_text(const Watch &watch) {
    const std::string ports = rule_text(watch.ports) + " is watched";
    return watch.process ? ports + " while " + watch.process->text + " has it" : ports;
}

Result<WatchList> WatchList::open_to_read(const Pins &pins) {
    auto maps = AdminMaps::open_to_read(pins, watch_set);
    if (!maps)
        return fail(maps.error());
    WatchList list;
    list.maps_ = std::move(*maps);
    list.root_ = pins.root();
    return list;
}

Result<WatchList> WatchList::open_to_write(const Pins &pins, const LockWait &wait,
                                           RootLock root_lock) {
    auto maps = AdminMaps::open_to_write(pins, watch_set, wait, root_lock);
    if (!maps)
        return fail(maps.error());
    auto watching =
        map_array(maps->map(watching_map), sizeof(watching_record), maps->path(watching_map));
    if (!watching)
        return fail(watching.error());
    auto words =
        map_array(maps->map(watched_map), words_count * sizeof(__u64), maps->path(watched_map));
    if (!words)
        return fail(words.error());
    WatchList list;
    list.maps_ = std::move(*maps);
    list.root_ = pins.root();
    list.watching_ = std::move(*watching);
    list.words_ = std::move(*words);
    return list;
}

Result<std::vector<WatchList::Waiting>> WatchList::waiting() const {
    const auto all =
        read_all<watch_key, watch_record>(maps_.map(watches_map), maps_.path(watches_map));
    if (!all)
        return fail(all.error());
    std::vector<Waiting> waiting;
    for (const auto &[key, record] : *all)
        waiting.push_back({key, {record.text, strnlen(record.text, sizeof record.text)}});
    return waiting;
}

Result<std::vector<uint64_t>> WatchList::words() const {
    const auto all = read_all<uint32_t, uint64_t>(maps_.map(watched_map), maps_.path(watched_map));
    if (!all)
        return fail(all.error());
    std::vector<uint64_t> words(words_count);
    for (const auto &[index, word] : *all)
        words[index % WATCHED_WORDS] = word;
    return words;
}

bool WatchList::has_probes() const {
    return access((root_ + "/" + admin_bound_path).c_str(), F_OK) == 0;
}

// Reads the iterator of bound sockets: the kernel looks at all sockets while it is read.
Result<void> WatchList::look() const {
    const std::string path = root_ + "/" + admin_bound_path;
    const Fd list(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!list.valid())
        return fail(system_error("open " + path, errno));
    return read_to_end(list, "read " + path);
}

// Sets the words by the elements of watches. Returns whether anything is watched.
bool WatchList::set_words(const std::vector<Waiting> &all) const {
    std::vector<bool> waits(words_count);
    for (const Waiting &one : all)
        waits[index_of(one.key)] = true;
    bool any = false;
    for (uint32_t index = 0; index < WATCHED_WORDS; index++) {
        const std::atomic_ref<uint64_t> now(*word(index));
        const uint64_t was = now.load();
        any = any || waits[index] || is_always(was);
        if (waits[index] && !(was & WATCH_WAITS))
            now.fetch_or(WATCH_WAITS);
        else if (!waits[index] && is_always(was) && was & WATCH_WAITS)
            now.fetch_and(~WATCH_WAITS);
        else if (!waits[index] && !is_always(was) && was)
            now.store(0);
    }
    return any;
}

// Makes a change effective. look: also for sockets that exist already. ports stays 1 during the
// look: only then do kernel programs release claims of processes that are no longer watched.
Result<void> WatchList::take_effect(bool look) const {
    if (auto ours = maps_.confirm(); !ours)
        return ours;
    auto *const record = watching_.as<watching_record>();
    const auto all = waiting();
    if (!all)
        return fail(all.error());
    const bool any = set_words(*all);
    if (any)
        std::atomic_ref<__u64>(record->ports).store(1);
    std::atomic_ref<__u64>(record->changes).fetch_add(1);
    Result<void> looked = look && has_probes() ? this->look() : Result<void>();
    if (!any) {
        std::atomic_ref<__u64>(record->ports).store(0);
        set_words(*all); // a program may have changed a word meanwhile
    }
    return looked;
}

Result<bool> WatchList::has(const Watch &watch) const {
    const auto all = waiting();
    if (!all)
        return fail(all.error());
    const Keys keys = keys_of(*all);
    const auto indexes = indexes_of(watch.ports);
    return std::all_of(indexes.begin(), indexes.end(), [&](uint32_t index) {
        const uint64_t now = *word(index);
        return watch.process ? now & WATCH_WAITS && keys.contains(key_of(*watch.process, index))
                             : is_always(now);
    });
}

Result<void> WatchList::write(const std::vector<Waiting> &fresh) const {
    for (const Waiting &one : fresh) {
        watch_record record{};
        one.text.copy(record.text, sizeof record.text - 1);
        if (bpf_map_update_elem(maps_.map(watches_map).get(), &one.key, &record, BPF_ANY) != 0)
            return fail(system_error("write " + maps_.path(watches_map), errno));
    }
    return {};
}

void WatchList::remove_elements(const std::vector<Waiting> &gone) const {
    std::vector<watch_key> keys;
    keys.reserve(gone.size());
    for (const Waiting &one : gone)
        keys.push_back(one.key);
    remove_all(maps_.map(watches_map), keys);
}

Result<void> WatchList::add(const std::vector<Watch> &watches) {
    const auto all = waiting();
    if (!all)
        return fail(all.error());
    Keys keys = keys_of(*all);
    std::vector<Waiting> fresh;
    std::map<uint32_t, uint64_t> always; // with the previous word
    bool processes = false;
    for (const Watch &watch : watches)
        for (const uint32_t index : indexes_of(watch.ports)) {
            processes = processes || watch.process;
            if (!watch.process && !is_always(*word(index)))
                always[index] = *word(index);
            else if (watch.process && keys.insert(key_of(*watch.process, index)).second)
                fresh.push_back({key_of(*watch.process, index), watch.process->text});
        }
    if (processes)
        if (auto granted = require_granted(root_, OPTIONAL_LIST_BOUND, "watch ports of a process");
            !granted)
            return granted;
    if (processes && !has_probes())
        return fail(not_loaded(root_, "--sockets"));
    if (keys.size() > MAX_WATCHES)
        return fail(no_room(all->size(), fresh.size()));
    if (auto written = write(fresh); !written) {
        remove_elements(fresh);
        return written;
    }
    for (const auto &[index, was] : always)
        std::atomic_ref<uint64_t>(*word(index)).fetch_or(WATCH_ALWAYS);
    auto done = take_effect(processes);
    if (done)
        return {};
    for (const auto &[index, was] : always)
        std::atomic_ref<uint64_t>(*word(index)).fetch_and(was | WATCH_WAITS);
    remove_elements(fresh);
    static_cast<void>(take_effect(false));
    return done;
}

Result<bool> WatchList::remove(const PortRule &ports) {
    bool found = false, waits = false;
    for (const uint32_t index : indexes_of(ports)) {
        if (!is_always(*word(index)))
            continue;
        found = true;
        waits =
            std::atomic_ref<uint64_t>(*word(index)).fetch_and(~WATCH_ALWAYS) & WATCH_WAITS || waits;
    }
    if (!found)
        return false;
    const auto done = take_effect(waits); // watches of processes stay in force
    return done ? Result<bool>(true) : fail(done.error());
}

Result<bool> WatchList::remove(const PortRule &ports, const std::string &process) {
    const auto kind = process_kind(process);
    const auto all = kind ? waiting() : fail(kind.error());
    if (!all)
        return fail(all.error());
    const auto now = find_process(process);
    std::vector<Waiting> gone;
    for (const Waiting &one : *all) {
        const bool same = now && std::memcmp(now->key.id, one.key.id, sizeof one.key.id) == 0;
        if (one.key.kind == static_cast<__u32>(*kind) && has_port(ports, one.key) &&
            (same || one.text == process))
            gone.push_back(one);
    }
    if (gone.empty())
        return false;
    remove_elements(gone);
    const auto done = take_effect(true);
    return done ? Result<bool>(true) : fail(done.error());
}

Result<bool> WatchList::clear() {
    const auto all = waiting();
    if (!all)
        return fail(all.error());
    bool found = !all->empty();
    for (uint32_t index = 0; index < WATCHED_WORDS; index++) {
        const std::atomic_ref<uint64_t> now(*word(index));
        found = found || is_always(now.load());
        if (is_always(now.load()))
            now.fetch_and(~WATCH_ALWAYS);
    }
    remove_elements(*all);
    const auto done = take_effect(!all->empty());
    return done ? Result<bool>(found) : fail(done.error());
}

} // namespace pinpipe
