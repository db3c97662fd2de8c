// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_remotes.h"

#include "lib/rules/remote_list.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::ctl {
namespace {

using Prefixes = Elements<prefix_key, uint64_t>;

constexpr unsigned bits_of_list = 32;

Prefixes prefixes_to_write(uint32_t number, const std::string &list) {
    Prefixes prefixes;
    for (const ListedPrefix &prefix : prefixes_of(list)) {
        prefix_key key{};
        key.bits = bits_of_list + prefix.bits;
        key.list = number;
        key.address = prefix.address;
        prefixes.emplace_back(key, prefix.in ? 1 : 0);
    }
    return prefixes;
}

// Tries have no batches.
Result<std::vector<prefix_key>> all_prefixes(const RuleMaps &maps) {
    std::vector<prefix_key> keys;
    prefix_key next{};
    while (bpf_map_get_next_key(maps.map(prefixes_map).get(), keys.empty() ? nullptr : &keys.back(),
                                &next) == 0)
        keys.push_back(next);
    if (errno != ENOENT)
        return fail(system_error("read " + maps.path(prefixes_map), errno));
    return keys;
}

template <class Which> Result<void> remove_prefixes(RuleMaps &maps, Which which) {
    const auto all = all_prefixes(maps);
    if (!all)
        return fail(all.error());
    for (const prefix_key &key : *all)
        if (which(key.list) && bpf_map_delete_elem(maps.map(prefixes_map).get(), &key) != 0 &&
            errno != ENOENT)
            return fail(system_error("write " + maps.path(prefixes_map), errno));
    return {};
}

// As of a full hash, which makes room by what no rule refers to any more.
Error full(const RuleMaps &maps) {
    Error error = failure(maps.path(prefixes_map) + " is full");
    error.code = E2BIG;
    return error;
}

Result<void> write_prefixes(RuleMaps &maps, uint32_t number, const std::string &list) {
    for (const auto &[key, in] : prefixes_to_write(number, list))
        if (bpf_map_update_elem(maps.map(prefixes_map).get(), &key, &in, BPF_ANY) != 0)
            return fail(errno == ENOSPC ? full(maps)
                                        : system_error("write " + maps.path(prefixes_map), errno));
    return {};
}

// The prefixes come before the text: a list that has a text is complete.
Result<void> write_list(RuleMaps &maps, uint32_t number, const std::string &list, Undo &undo) {
    const auto is_it = [number](uint32_t other) { return other == number; };
    if (auto removed = remove_prefixes(maps, is_it); !removed) // of a change that was killed
        return removed;
    undo.add([&maps, is_it] { static_cast<void>(remove_prefixes(maps, is_it)); });
    if (auto written = write_prefixes(maps, number, list); !written)
        return written;
    const remote_key key = remote_key_of(list);
    undo.add([&maps, key] { bpf_map_delete_elem(maps.map(remotes_map).get(), &key); });
    return write_all(maps.map(remotes_map), Elements<remote_key, uint64_t>{{key, number}},
                     maps.path(remotes_map));
}

} // namespace

Result<void> take_remotes(RuleMaps &maps, const PortSet &ports, RemoteNumbers &numbers,
                          Undo &undo) {
    numbers.try_emplace("", 0);
    const std::set<std::string> lists = ports.lists();
    const auto is_known = [&](const std::string &list) { return numbers.contains(list); };
    if (std::all_of(lists.begin(), lists.end(), is_known))
        return {};
    const auto written = maps.remotes();
    if (!written)
        return fail(written.error());
    uint32_t next = 1;
    for (const auto &[number, list] : *written) {
        numbers.try_emplace(list, number);
        next = std::max(next, number + 1);
    }
    for (const std::string &list : lists) {
        const auto [place, fresh] = numbers.try_emplace(list, next);
        if (!fresh)
            continue;
        if (auto done = write_list(maps, next++, list, undo); !done)
            return done;
    }
    return {};
}

Result<void> drop_remotes(RuleMaps &maps, const std::unordered_set<uint32_t> &used) {
    const auto all = read_all<remote_key, uint64_t>(maps.map(remotes_map), maps.path(remotes_map));
    if (!all)
        return fail(all.error());
    std::vector<remote_key> gone;
    for (const auto &[key, number] : *all)
        if (!used.contains(static_cast<uint32_t>(number)))
            gone.push_back(key);
    remove_all(maps.map(remotes_map), gone);
    return remove_prefixes(maps, [&](uint32_t list) { return !used.contains(list); });
}

} // namespace pinpipe::ctl
