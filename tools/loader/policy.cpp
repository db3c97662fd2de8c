#include "tools/loader/policy.h"

#include "lib/base/hash.h"
#include "lib/pins/links.h"
#include "tools/loader/frozen.h"
#include "tools/loader/object.h"
#include "tools/loader/probes.h"
#include "tools/loader/rule_maps.h"
#include "bpf/rules/cgroup.skel.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr Elf elf = {"cgroup", cgroup::elf_bytes};

// Of LSM programs at cgroups some kernels have none, or never run them.
bool is_granted(const bpf_program *program) {
    static const bool lsm = grants_lsm_cgroup();
    return lsm || bpf_program__type(program) != BPF_PROG_TYPE_LSM;
}

std::string link_path(const std::string &root, unsigned number, const std::string &hook) {
    return root + "/links/c" + std::to_string(number) + "-" + hook;
}

uint64_t build_of_policy(const Layout &layout, const std::string &root, unsigned number) {
    uint64_t state = hash_value(hash_start, map_id(layout.map(wanted_map)));
    state = hash_map_ids(state, root, admin_maps);
    state = hash_value(state, number);
    state = hash_value(state, layout.abi().ring_size);
    state = hash_value(state, layout.abi().readers);
    return hash_bytes(state, elf.view());
}

// Names of the programs, in the order of cgroup_record.programs.
const std::vector<std::string> &hook_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> found;
        const auto object = open_object(elf);
        bpf_program *program = nullptr;
        if (object)
            bpf_object__for_each_program(program, object->get()) if (is_granted(program))
                found.emplace_back(bpf_program__name(program));
        return found;
    }();
    return names;
}

// Else somebody took a program away, or the kernel did: some time after the cgroup has gone.
bool is_whole(const Pins &pins, unsigned number, const cgroup_record &record) {
    long attached = 0;
    for (const std::string &hook : hook_names()) {
        const auto link = open_link(link_path(pins.root(), number, hook));
        const auto state = link ? inspect_link(*link) : fail(Error{});
        attached += state && state->attached;
    }
    const auto &programs = record.programs;
    return std::size(programs) - std::count(std::begin(programs), std::end(programs), 0U) ==
           static_cast<size_t>(attached);
}

// Somebody put another program in the place of ours.
bool is_exchanged(const Pins &pins, unsigned number, const cgroup_record &record) {
    for (const std::string &hook : hook_names()) {
        const auto link = open_link(link_path(pins.root(), number, hook));
        const auto state = link ? inspect_link(*link) : fail(Error{});
        if (state && std::find(std::begin(record.programs), std::end(record.programs),
                               state->program) == std::end(record.programs))
            return true;
    }
    return false;
}

void remove_links(const Pins &pins, unsigned number) {
    for (const std::string &hook : hook_names()) {
        const std::string path = link_path(pins.root(), number, hook);
        detach_link(path);
        unlink(path.c_str());
    }
}

} // namespace

Result<void> Policy::load(const Pins &pins, const Layout &layout, Place &place, Undo &undo) {
    const std::string root = layout.root(pins);
    const auto object = open_object(elf);
    if (!object)
        return fail(object.error());
    const uint32_t number = place.number;
    set_constant(*object, "cgroup_number", &number, sizeof number);
    set_constant(*object, "ring_size", &layout.abi().ring_size, sizeof(uint32_t));
    set_constant(*object, "reader_slots", &layout.abi().readers, sizeof(uint32_t));
    if (auto shared = reuse_maps(*object, layout, root, policy_maps); !shared)
        return shared;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object->get())
        bpf_program__set_autoload(program, is_granted(program));
    if (const int code = bpf_object__load(object->get()); code != 0)
        return fail(system_error("load the programs of rules", -code)
                        .with_hint("sudo ebpf-load --check; with -v: the kernel's log"));
    if (auto pinned = pin_maps(*object, root, policy_maps, undo); !pinned)
        return pinned;
    size_t index = 0;
    std::fill(std::begin(place.record.programs), std::end(place.record.programs), 0U);
    bpf_object__for_each_program(program, object->get()) {
        if (!bpf_program__autoload(program))
            continue;
        Hook hook;
        hook.name = bpf_program__name(program);
        hook.program = keep_program(program);
        hook.attach_type = bpf_program__expected_attach_type(program);
        const auto id = program_id(hook.program.get());
        if (!id)
            return fail(id.error());
        if (auto link = open_link(link_path(root, place.number, hook.name)); link) {
            const auto state = inspect_link(*link);
            if (!state)
                return fail(state.error());
            hook.before = state->program;
            hook.link = std::move(*link);
        } else if (link.error().code != ENOENT) {
            return fail(link.error());
        }
        place.record.programs[index++] = *id;
        place.hooks.push_back(std::move(hook));
    }
    place.record.build = build_of_policy(layout, root, place.number);
    return {};
}

// Cgroups that are attached. What is left of one that is gone is freed.
Result<void> Policy::plan_present(const Pins &pins, const Layout &layout) {
    const auto present =
        layout.is_new() ? decltype(attached_cgroups(pins))() : attached_cgroups(pins);
    if (!present)
        return fail(present.error());
    for (const auto &[number, record] : *present) {
        Place place;
        place.number = number;
        place.record = record;
        place.cgroup = {record.id, path_of_cgroup(record.id)};
        if (!place.cgroup.path.empty() && is_whole(pins, number, record)) {
            places_.push_back(std::move(place));
            continue;
        }
        std::fprintf(stderr, "ebpf-load: %s: the cgroup is gone, or others detached this\n",
                     printable(record.path).c_str());
        remove_links(pins, number);
        const auto map = pins.open(cgroups_map, Access::write);
        if (!map)
            return fail(map.error());
        if (auto freed = set_cgroup(*map, number, {}); !freed)
            return freed;
    }
    return {};
}

Result<void> Policy::plan_wanted(const std::string &text) {
    auto cgroup = find_cgroup(text);
    if (!cgroup)
        return fail(cgroup.error());
    if (cgroup->path.empty())
        return fail(failure("no cgroup has the id " + text));
    uint64_t taken = 0;
    for (Place &place : places_) {
        if (place.cgroup.id == cgroup->id) {
            place.wanted = true;
            return {};
        }
        taken |= uint64_t{1} << place.number;
    }
    if (taken == ~uint64_t{0})
        return fail(failure("all " + std::to_string(MAX_CGROUPS) + " cgroups are in use"));
    Place place;
    place.is_new = place.wanted = true;
    place.number = static_cast<unsigned>(__builtin_ctzll(~taken));
    place.record.id = cgroup->id;
    cgroup->path.copy(place.record.path, sizeof place.record.path - 1);
    place.cgroup = std::move(*cgroup);
    places_.push_back(std::move(place));
    return {};
}

Result<Policy> Policy::plan(const Pins &pins, const Layout &layout,
                            const std::vector<std::string> &wanted, Undo &undo) {
    Policy policy;
    const std::string root = layout.root(pins);
    if (auto planned = policy.plan_present(pins, layout); !planned)
        return fail(planned.error());
    for (const std::string &text : wanted)
        if (auto planned = policy.plan_wanted(text); !planned)
            return fail(planned.error());
    if (policy.places_.empty())
        return policy;
    if (auto made = make_rule_maps(root, undo); !made)
        return fail(made.error());
    bool changes = false;
    for (Place &place : policy.places_) {
        if (!place.is_new && place.record.build == build_of_policy(layout, root, place.number) &&
            !is_exchanged(pins, place.number, place.record))
            continue;
        changes = true;
        if (auto loaded = load(pins, layout, place, undo); !loaded)
            return fail(loaded.error());
    }
    if (changes) {
        auto labels = Labels::load(pins, layout, undo);
        if (!labels)
            return fail(labels.error());
        policy.labels_ = std::move(*labels);
    }
    if (auto pinned = pin_for_admins(root, undo); !pinned)
        return fail(pinned.error());
    return policy;
}

// Each hook in one step of the kernel's: attached, or from the old program to the new one.
Result<void> Policy::attach_place(const Pins &pins, const Layout &layout, Place &place,
                                  Undo &undo) {
    const std::string root = layout.root(pins);
    const Fd directory(open(place.cgroup.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid())
        return fail(system_error("open the cgroup " + place.cgroup.path, errno));
    for (Hook &hook : place.hooks) {
        const std::string what = hook.name + " of " + place.cgroup.path;
        if (hook.link.valid()) {
            const auto before = std::make_shared<Fd>(bpf_prog_get_fd_by_id(hook.before));
            const int link = hook.link.get(), program = hook.program.get();
            LIBBPF_OPTS(bpf_link_update_opts, options);
            options.flags = BPF_F_REPLACE;
            options.old_prog_fd = static_cast<__u32>(before->get());
            if (!before->valid() || bpf_link_update(link, program, &options) != 0)
                return fail(system_error("update " + what, errno));
            undo.add([link, before] { bpf_link_update(link, before->get(), nullptr); });
            continue;
        }
        hook.link = Fd(bpf_link_create(hook.program.get(), directory.get(),
                                       static_cast<bpf_attach_type>(hook.attach_type), nullptr));
        if (!hook.link.valid())
            return fail(system_error("attach " + what, errno));
        const std::string path = link_path(root, place.number, hook.name);
        if (bpf_obj_pin(hook.link.get(), path.c_str()) != 0)
            return fail(system_error("pin " + path, errno));
        chmod(path.c_str(), 0600);
        const int link = hook.link.get();
        undo.add([link, path] {
            bpf_link_detach(link);
            unlink(path.c_str());
        });
    }
    return {};
}

Result<void> Policy::attach(const Pins &pins, const Layout &layout, Undo &undo) {
    if (places_.empty())
        return {};
    const auto map =
        open_map(layout.root(pins) + "/" + cgroups_map.path, cgroups_map, Access::write);
    if (!map)
        return fail(map.error());
    for (Place &place : places_) {
        if (place.hooks.empty())
            continue;
        const auto before = cgroup_at(*map, place.number);
        if (!before)
            return fail(before.error());
        const std::string path = layout.root(pins) + "/" + cgroups_map.path;
        undo.add([path, number = place.number, record = *before] {
            if (const auto table = open_map(path, cgroups_map, Access::write))
                static_cast<void>(set_cgroup(*table, number, record));
        });
        if (auto set = set_cgroup(*map, place.number, place.record); !set)
            return set;
        if (auto attached = attach_place(pins, layout, place, undo); !attached)
            return attached;
    }
    if (auto attached = labels_.attach(pins, layout, undo); !attached)
        return attached;
    // Which of the attached cgroups are below another one that is attached.
    uint64_t covered = 0;
    for (const Place &inner : places_)
        for (const Place &outer : places_)
            if (is_below(inner.cgroup.path, outer.cgroup.path))
                covered |= uint64_t{1} << inner.number;
    return set_covered(layout.root(pins) + "/" + covered_map.path, covered);
}

std::vector<Policy::Told> Policy::told() const {
    std::vector<Told> all;
    for (const Place &place : places_)
        all.push_back({place.cgroup.path,
                       place.hooks.empty() ? "unchanged"
                       : place.is_new      ? "attached"
                                           : "programs replaced",
                       place.wanted || !place.hooks.empty()});
    return all;
}

Result<unsigned> unload_cgroups(const Pins &pins, const std::vector<uint64_t> &ids) {
    const auto present = attached_cgroups(pins);
    if (!present)
        return fail(present.error());
    if (present->empty())
        return 0U;
    const auto map = pins.open(cgroups_map, Access::write);
    if (!map)
        return fail(map.error());
    const auto goes = [&](const cgroup_record &record) {
        return ids.empty() || std::find(ids.begin(), ids.end(), record.id) != ids.end();
    };
    // Those below take over before the one above goes.
    uint64_t covered = 0;
    for (const auto &[number, inner] : *present)
        for (const auto &[other, outer] : *present)
            if (!goes(outer) && is_below(path_of_cgroup(inner.id), path_of_cgroup(outer.id)))
                covered |= uint64_t{1} << number;
    if (auto set = set_covered(pins.path(covered_map.path), covered); !set)
        return fail(set.error());
    unsigned gone = 0;
    for (const auto &[number, cgroup] : *present) {
        if (!goes(cgroup))
            continue;
        remove_links(pins, number);
        if (auto freed = set_cgroup(*map, number, {}); !freed)
            return fail(freed.error());
        std::fprintf(stderr, "ebpf-load: %s: unloaded\n", printable(cgroup.path).c_str());
        gone++;
    }
    if (gone == present->size()) {
        unload_labels(pins);
        remove_rule_maps(pins);
    }
    return gone;
}

} // namespace pinpipe::loader
