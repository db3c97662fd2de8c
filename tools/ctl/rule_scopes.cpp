// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_scopes.h"

#include "tools/ctl/rule_steps.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::ctl {
namespace {

// The kernel adds the id of a cgroup that is made from now on; this adds the id of one that is
// there, and removes it again if that cgroup was removed meanwhile.
Result<void> bind(RuleMaps &maps, const std::string &path, uint64_t number) {
    const Fd &ids = maps.map(scope_ids_map);
    while (const uint64_t id = cgroup_at(path).id) {
        uint64_t known = 0;
        if (bpf_map_lookup_elem(ids.get(), &id, &known) == 0 && known == number)
            return {};
        if (auto written = write_all(ids, Elements<uint64_t, uint64_t>{{id, number}},
                                     maps.path(scope_ids_map));
            !written)
            return written;
        if (cgroup_at(path).id == id)
            return {};
        bpf_map_delete_elem(ids.get(), &id);
    }
    return {};
}

void remove_ids(RuleMaps &maps, const std::unordered_set<uint64_t> &but) {
    const auto ids =
        read_all<uint64_t, uint64_t>(maps.map(scope_ids_map), maps.path(scope_ids_map));
    std::vector<uint64_t> gone;
    for (const auto &[id, number] : ids ? *ids : Elements<uint64_t, uint64_t>())
        if (!but.contains(number))
            gone.push_back(id);
    remove_all(maps.map(scope_ids_map), gone);
}

} // namespace

Result<uint64_t> take_scope(RuleMaps &maps, const std::string &path, Undo &undo) {
    const auto known = maps.scope(path);
    if (!known)
        return fail(known.error());
    if (*known)
        return **known;
    const auto scopes = read_all<scope_key, uint64_t>(maps.map(scopes_map), maps.path(scopes_map));
    if (!scopes)
        return fail(scopes.error());
    uint64_t number = 1;
    std::unordered_set<uint64_t> others;
    for (const auto &[key, other] : *scopes) {
        number = std::max(number, other + 1);
        others.insert(other);
    }
    undo.add([&maps, others] { static_cast<void>(drop_scopes(maps, others)); });
    if (auto written = write_all(maps.map(scopes_map),
                                 Elements<scope_key, uint64_t>{{scope_key_of(path), number}},
                                 maps.path(scopes_map));
        !written)
        return fail(written.error());
    if (auto bound = bind(maps, path, number); !bound)
        return fail(bound.error());
    return number;
}

Result<void> bind_scopes(RuleMaps &maps) {
    const auto scopes = maps.scopes();
    if (!scopes)
        return fail(scopes.error());
    for (const auto &[number, cgroup] : *scopes)
        if (auto bound = bind(maps, cgroup.path, number); !bound)
            return bound;
    return {};
}

// The kernel may be about to write an id under a number that it has found: the ids are removed when
// no program can find that number any more, so that none is left for a later path.
Result<void> drop_scopes(RuleMaps &maps, const std::unordered_set<uint64_t> &used) {
    const auto scopes = read_all<scope_key, uint64_t>(maps.map(scopes_map), maps.path(scopes_map));
    if (!scopes)
        return fail(scopes.error());
    std::vector<scope_key> gone;
    for (const auto &[key, number] : *scopes)
        if (!used.contains(number))
            gone.push_back(key);
    if (gone.empty())
        return {};
    remove_all(maps.map(scopes_map), gone);
    wait_for_programs();
    remove_ids(maps, used);
    return {};
}

} // namespace pinpipe::ctl
