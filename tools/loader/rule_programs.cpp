// SPDX-License-Identifier: MIT
#include "tools/loader/rule_programs.h"

#include "lib/base/hash.h"
#include "lib/pins/links.h"
#include "tools/loader/frozen.h"
#include "tools/loader/object.h"
#include "tools/loader/probes.h"
#include "tools/loader/refusal.h"
#include "bpf/rules/cgroup.skel.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr Elf cgroup_elf = {"cgroup", cgroup::elf_bytes};

// Some kernels load LSM programs at cgroups and never run them: there they are left out.
bool is_granted(const bpf_program *program) {
    static const bool lsm = grants_lsm_cgroup();
    return lsm || bpf_program__type(program) != BPF_PROG_TYPE_LSM;
}

void note_lsm(const Object &object, Run &run) {
    const Component &component = *find_optional(OPTIONAL_CREATE_PACKET);
    if (!is_granted(bpf_object__find_program_by_name(object.get(), component.name)) &&
        !run.layout.refused(component.number))
        run.go_on_without(component, EOPNOTSUPP);
}

std::string link_path(const std::string &root, unsigned number, const std::string &hook) {
    return root + "/links/c" + std::to_string(number) + "-" + hook;
}

uint64_t build_of_rules(const Run &run, unsigned number) {
    const Layout &layout = run.layout;
    uint64_t state = hash_value(hash_start, map_id(layout.map(wanted_map)));
    state = hash_map_ids(state, run.root(), admin_maps);
    state = hash_value(state, number);
    state = hash_value(state, layout.abi().ring_size);
    state = hash_value(state, layout.abi().readers);
    return hash_bytes(state, cgroup_elf.view());
}

// Calls look with the path of each link that a place can have.
template <class Look> void for_each_link(const Pins &pins, unsigned number, Look look) {
    for (const Component &component : components)
        if (component.kind == ComponentKind::program &&
            component.object == std::string_view(cgroup_elf.name))
            look(link_path(pins.root(), number, component.name));
}

bool has_program(const cgroup_record &record, uint32_t program) {
    const auto &programs = record.programs;
    return std::find(std::begin(programs), std::end(programs), program) != std::end(programs);
}

bool is_exchanged(const Pins &pins, unsigned number, const cgroup_record &record) {
    bool exchanged = false;
    for_each_link(pins, number, [&](const std::string &path) {
        const auto link = open_link(path);
        const auto state = link ? inspect_link(*link) : fail(Error{});
        exchanged = exchanged || (state && !has_program(record, state->program));
    });
    return exchanged;
}

// Older kernels than the rules need refuse every program, for various reasons: names the version.
Error load_error(Error error) {
    const Grant grant = try_rules().grant;
    if (grant == Grant::yes || grant == Grant::refused)
        return error;
    return failure("cannot load the programs of rules: they need Linux 5.19")
        .with_hint("sudo ebpf-load --check");
}

Result<RuleHook> hook_of(const std::string &root, unsigned number, const bpf_program *program) {
    auto kept = keep_program(program);
    if (!kept)
        return fail(kept.error());
    RuleHook hook;
    hook.component = &component_of(cgroup_elf, program);
    hook.program = std::move(*kept);
    hook.attach_type = bpf_program__expected_attach_type(program);
    auto link = open_link(link_path(root, number, hook.component->name));
    if (!link)
        return link.error().code == ENOENT ? Result<RuleHook>(std::move(hook)) : fail(link.error());
    const auto state = inspect_link(*link);
    if (!state)
        return fail(state.error());
    hook.before = state->program;
    hook.link = std::move(*link);
    return hook;
}

Result<void> update_hook(const RuleHook &hook, const std::string &what, Undo &undo) {
    const auto before = std::make_shared<Fd>(bpf_prog_get_fd_by_id(hook.before));
    const int link = hook.link.get(), program = hook.program.fd.get();
    LIBBPF_OPTS(bpf_link_update_opts, options);
    options.flags = BPF_F_REPLACE;
    options.old_prog_fd = static_cast<__u32>(before->get());
    if (!before->valid() || bpf_link_update(link, program, &options) != 0)
        return fail(kernel_error("update " + what, errno));
    undo.add([link, before] { bpf_link_update(link, before->get(), nullptr); });
    return {};
}

Result<void> pin_hook(const Fd &link, const std::string &path, Undo &undo) {
    undo.add([link = link.get(), path] {
        bpf_link_detach(link);
        unlink(path.c_str());
    });
    if (bpf_obj_pin(link.get(), path.c_str()) != 0)
        return fail(kernel_error("pin " + path, errno));
    chmod(path.c_str(), 0600);
    return {};
}

// Writes the ids of the place's programs into its record.
void take_programs(RulePlace &place) {
    size_t index = 0;
    std::fill(std::begin(place.record.programs), std::end(place.record.programs), 0U);
    for (const RuleHook &hook : place.hooks)
        place.record.programs[index++] = hook.program.id;
}

} // namespace

bool is_up_to_date(const Run &run, const RulePlace &place) {
    return !place.is_new && place.record.build == build_of_rules(run, place.number) &&
           !is_exchanged(run.pins, place.number, place.record);
}

bool is_whole(const Pins &pins, unsigned number, const cgroup_record &record) {
    ptrdiff_t attached = 0;
    for_each_link(pins, number, [&](const std::string &path) {
        const auto link = open_link(path);
        const auto state = link ? inspect_link(*link) : fail(Error{});
        attached += state && state->attached;
    });
    const auto &programs = record.programs;
    return attached == std::count_if(std::begin(programs), std::end(programs),
                                     [](uint32_t id) { return id != 0; });
}

void remove_rule_links(const Pins &pins, unsigned number) {
    for_each_link(pins, number, [](const std::string &path) {
        detach_link(path);
        unlink(path.c_str());
    });
}

Result<void> load_rules(Run &run, RulePlace &place) {
    const auto object = load_object({.elf = cgroup_elf,
                                     .constants = {{"cgroup_number", place.number, 4},
                                                   {"ring_size", run.layout.abi().ring_size, 4},
                                                   {"reader_slots", run.layout.abi().readers, 4}},
                                     .own = policy_maps,
                                     .wants = is_granted},
                                    run);
    if (!object)
        return fail(load_error(object.error()));
    note_lsm(*object, run);
    for (const bpf_program *program : loaded_programs(*object)) {
        auto hook = hook_of(run.root(), place.number, program);
        if (!hook)
            return fail(hook.error());
        place.hooks.push_back(std::move(*hook));
    }
    take_programs(place);
    place.record.build = build_of_rules(run, place.number);
    return {};
}

Result<void> attach_rules(Run &run, RulePlace &place) {
    const std::string &at = place.cgroup.path;
    const Fd directory(open(at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid())
        return fail(system_error("open the cgroup " + at, errno));
    for (auto hook = place.hooks.begin(); hook != place.hooks.end();) {
        const Component &component = *hook->component;
        if (hook->link.valid()) {
            const std::string what = std::string(component.name) + " of " + at;
            if (auto updated = update_hook(*hook, what, run.undo); !updated)
                return updated;
            ++hook;
            continue;
        }
        hook->link = Fd(bpf_link_create(hook->program.fd.get(), directory.get(),
                                        static_cast<bpf_attach_type>(hook->attach_type), nullptr));
        if (!hook->link.valid() && component.is_optional()) {
            run.go_on_without(component, errno);
            hook = place.hooks.erase(hook);
            continue;
        }
        if (!hook->link.valid())
            return fail(kernel_error_to_check(std::string("attach ") + component.name + " to " + at,
                                              errno));
        const std::string path = link_path(run.root(), place.number, component.name);
        if (auto pinned = pin_hook(hook->link, path, run.undo); !pinned)
            return pinned;
        ++hook;
    }
    take_programs(place);
    return {};
}

} // namespace pinpipe::loader
