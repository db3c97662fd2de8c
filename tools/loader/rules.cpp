// SPDX-License-Identifier: MIT
#include "tools/loader/rules.h"

#include "tools/loader/rule_maps.h"

#include <cstdio>

namespace pinpipe::loader {

// Finds the attached cgroups. Removes what is left of cgroups that no longer exist.
Result<void> Rules::plan_present(Run &run) {
    const auto present =
        run.layout.is_new() ? decltype(attached_cgroups(run.pins))() : attached_cgroups(run.pins);
    if (!present)
        return fail(present.error());
    for (const auto &[number, record] : *present) {
        RulePlace place;
        place.number = number;
        place.record = record;
        place.cgroup = {record.id, path_of_cgroup(record.id)};
        if (!place.cgroup.path.empty() && is_whole(run.pins, number, record)) {
            places_.push_back(std::move(place));
            continue;
        }
        std::fprintf(stderr,
                     "ebpf-load: %s: the cgroup no longer exists, or its programs were detached\n",
                     printable(record.path).c_str());
        remove_rule_links(run.pins, number);
        const auto map = run.pins.open(cgroups_map, Access::write);
        if (!map)
            return fail(map.error());
        if (auto freed = set_cgroup(*map, number, {}); !freed)
            return freed;
    }
    return {};
}

Result<void> Rules::plan_wanted(const std::string &text) {
    auto cgroup = find_cgroup(text);
    if (!cgroup)
        return fail(cgroup.error());
    if (cgroup->path.empty())
        return fail(failure("no cgroup has the id " + text));
    uint64_t taken = 0;
    for (RulePlace &place : places_) {
        if (place.cgroup.id == cgroup->id) {
            place.wanted = true;
            return {};
        }
        taken |= uint64_t{1} << place.number;
    }
    if (taken == ~uint64_t{0})
        return fail(failure("all " + std::to_string(MAX_CGROUPS) + " cgroups are in use"));
    RulePlace place;
    place.is_new = place.wanted = true;
    place.number = static_cast<unsigned>(__builtin_ctzll(~taken));
    place.record.id = cgroup->id;
    cgroup->path.copy(place.record.path, sizeof place.record.path - 1);
    place.cgroup = std::move(*cgroup);
    places_.push_back(std::move(place));
    return {};
}

Result<void> Rules::plan(Run &run) {
    if (auto planned = plan_present(run); !planned)
        return planned;
    if (places_.empty())
        run.layout.forget_refused("cgroup");
    for (const std::string &text : run.command.cgroups)
        if (auto planned = plan_wanted(text); !planned)
            return planned;
    return {};
}

Result<void> Rules::load(Run &run) {
    if (places_.empty())
        return {};
    if (auto made = make_rule_maps(run.root(), run.undo); !made)
        return made;
    bool changes = false;
    for (RulePlace &place : places_) {
        if (is_up_to_date(run, place))
            continue;
        changes = true;
        if (auto loaded = load_rules(run, place); !loaded)
            return loaded;
    }
    if (changes)
        if (auto loaded = labels_.load(run); !loaded)
            return loaded;
    return pin_for_admins(run.root(), run.undo);
}

Result<void> Rules::attach_places(Run &run) {
    const std::string path = run.path(cgroups_map.path);
    const auto map = open_map(path, cgroups_map, Access::write);
    if (!map)
        return fail(map.error());
    for (RulePlace &place : places_) {
        if (place.hooks.empty())
            continue;
        const auto before = cgroup_at(*map, place.number);
        if (!before)
            return fail(before.error());
        run.undo.add([path, number = place.number, record = *before] {
            if (const auto table = open_map(path, cgroups_map, Access::write))
                static_cast<void>(set_cgroup(*table, number, record));
        });
        if (auto set = set_cgroup(*map, place.number, place.record); !set)
            return set;
        if (auto attached = attach_rules(run, place); !attached)
            return attached;
        if (auto set = set_cgroup(*map, place.number, place.record); !set) // less the refused
            return set;
    }
    return {};
}

Result<void> Rules::attach(Run &run) {
    if (places_.empty())
        return {};
    if (auto attached = attach_places(run); !attached)
        return attached;
    if (auto attached = labels_.attach(run); !attached)
        return attached;
    // Bit N: attached cgroup number N is below another attached cgroup.
    uint64_t covered = 0;
    for (const RulePlace &inner : places_)
        for (const RulePlace &outer : places_)
            if (is_below(inner.cgroup.path, outer.cgroup.path))
                covered |= uint64_t{1} << inner.number;
    const bool label_all = run.layout.refused(OPTIONAL_FIND_SOCKETS);
    return set_covered(run.path(covered_map.path), {covered, label_all, 0});
}

Result<void> Rules::publish(Run &) {
    return labels_.adopt();
}

void Rules::tell(const Run &run) const {
    for (const RulePlace &place : places_) {
        if (!place.wanted && place.hooks.empty())
            continue;
        const char *what = place.hooks.empty() ? "unchanged"
                           : place.is_new      ? "attached"
                                               : "programs replaced";
        std::fprintf(stderr, "ebpf-load: %s: rules, %s: %s\n", printable(place.cgroup.path).c_str(),
                     what, run.pins.path("links").c_str());
    }
}

} // namespace pinpipe::loader
