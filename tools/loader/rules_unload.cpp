// SPDX-License-Identifier: MIT
// Unloading the rules' programs from cgroups. With the last cgroup, the rules themselves go.
#include "tools/loader/refusal.h"
#include "tools/loader/rule_maps.h"
#include "tools/loader/rules.h"

#include <algorithm>
#include <cstdio>

namespace pinpipe::loader {
namespace {

using Places = std::vector<std::pair<unsigned, cgroup_record>>;

bool has_id(const std::vector<uint64_t> &ids, uint64_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Lets the cgroups below a cgroup that is about to be unloaded judge for themselves.
Result<void> uncover(const Run &run, const Places &present, const std::vector<uint64_t> &going) {
    uint64_t covered = 0;
    for (const auto &[number, inner] : present)
        for (const auto &[other, outer] : present)
            if (!has_id(going, outer.id) &&
                is_below(path_of_cgroup(inner.id), path_of_cgroup(outer.id)))
                covered |= uint64_t{1} << number;
    const bool label_all = run.layout.refused(OPTIONAL_FIND_SOCKETS);
    return set_covered(run.pins.path(covered_map.path), {covered, label_all, 0});
}

} // namespace

Result<bool> Rules::is_left(Run &run) {
    const auto present = attached_cgroups(run.pins);
    return present ? Result<bool>(!present->empty()) : fail(present.error());
}

Result<void> Rules::check_unload(Run &run) {
    const auto present = attached_cgroups(run.pins);
    if (!present)
        return fail(present.error());
    for (const std::string &text : run.command.cgroups) {
        const auto cgroup = find_cgroup(text);
        if (!cgroup)
            return fail(cgroup.error());
        const auto is_it = [&](const auto &place) { return place.second.id == cgroup->id; };
        if (std::none_of(present->begin(), present->end(), is_it))
            return fail(nothing_loaded(text + " is not loaded"));
        unloaded_.push_back(cgroup->id);
    }
    return {};
}

Result<void> Rules::unload(Run &run) {
    if (unloaded_.empty())
        return {};
    const auto present = attached_cgroups(run.pins);
    if (!present)
        return fail(present.error());
    const auto map = run.pins.open(cgroups_map, Access::write);
    if (!map)
        return fail(map.error());
    if (auto set = uncover(run, *present, unloaded_); !set)
        return set;
    size_t gone = 0;
    for (const auto &[number, cgroup] : *present) {
        if (!has_id(unloaded_, cgroup.id))
            continue;
        remove_rule_links(run.pins, number);
        if (auto freed = set_cgroup(*map, number, {}); !freed)
            return freed;
        std::fprintf(stderr, "ebpf-load: %s: unloaded\n", printable(cgroup.path).c_str());
        gone++;
    }
    if (gone == present->size()) {
        unload_labels(run.pins);
        remove_rule_maps(run.pins);
        for (const char *object : {"cgroup", "relabel"})
            run.layout.forget_refused(object);
    }
    return {};
}

} // namespace pinpipe::loader
