// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_leftovers.h"

#include "tools/ctl/rule_remotes.h"
#include "tools/ctl/rule_scopes.h"
#include "tools/ctl/rule_steps.h"

#include <atomic>
#include <bpf/bpf.h>
#include <unordered_set>

namespace pinpipe::ctl {
namespace {

void remove_set(RuleMaps &maps, uint32_t set) {
    std::vector<page_key> keys;
    for (uint32_t number = 0; set && number < PortSet::all_pages; number++) {
        const page_key key = PortSet::key_of(set, number);
        page_record all{};
        if (bpf_map_lookup_elem(maps.map(ports_map).get(), &key, &all) != 0)
            continue;
        keys.push_back(key);
        for (const __u32 list : all.lists)
            if (list)
                keys.push_back(PortSet::key_of(set, number, list));
    }
    remove_all(maps.map(ports_map), keys);
}

// Removes the cgroups of subjects that are gone, if no other subject is limited to them.
void drop_unused_scopes(RuleMaps &maps) {
    std::unordered_set<uint64_t> used;
    const auto subjects = maps.subjects();
    for (const auto &[key, record] : subjects ? *subjects : Subjects())
        used.insert(key.scope);
    if (subjects)
        static_cast<void>(drop_scopes(maps, used));
}

// Removes the lists of port sets that are gone, if no other port set has them. policy.old is gone
// too, although its pages are still there.
void drop_unused_remotes(RuleMaps &maps) {
    const uint32_t old = std::atomic_ref<__u32>(maps.shared()->old).load();
    std::unordered_set<uint32_t> used;
    const auto pages = maps.pages();
    for (const auto &[key, record] : pages ? *pages : Pages())
        if (key.set != old)
            used.insert(key.list);
    wait_for_programs();
    if (pages)
        static_cast<void>(drop_remotes(maps, used));
}

} // namespace

void remove_replaced_set(RuleMaps &maps) {
    const std::atomic_ref<__u32> old(maps.shared()->old);
    remove_set(maps, old.load());
    old.store(0);
}

void remove_leftovers(RuleMaps &maps, const std::vector<Leftovers> &left) {
    bool waited = false, scoped = false, listed = false;
    for (const Leftovers &one : left) {
        scoped = scoped || one.scoped;
        listed = listed || one.listed;
        if (one.removed)
            remove_all(maps.map(texts_map), std::vector{*one.removed});
        if (one.hits) // counters that stay are collected later
            static_cast<void>(remove_hits(maps, one.hits));
        const std::atomic_ref<__u32> old(maps.shared()->old);
        if (!one.set)
            continue;
        if (!old.load()) {
            old.store(one.set);
            continue;
        }
        if (!waited)
            wait_for_programs();
        waited = true;
        remove_set(maps, one.set);
    }
    if (scoped)
        drop_unused_scopes(maps);
    if (listed)
        drop_unused_remotes(maps);
}

} // namespace pinpipe::ctl
