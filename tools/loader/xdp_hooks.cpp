#include "tools/loader/xdp_hooks.h"

#include "lib/base/hash.h"
#include "tools/loader/egress.h"
#include "tools/loader/pin_root.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

Result<void> publish_record(Layout &layout, const XdpStep &step, Undo &undo) {
    const auto before = layout.hook(step.number);
    if (!before)
        return fail(before.error());
    undo.add([&layout, number = step.number, record = *before] {
        static_cast<void>(layout.set_hook(number, record));
    });
    return layout.set_hook(step.number, step.record);
}

uint64_t build_of(const Layout &layout, const XdpStep &step) {
    const uint64_t build = xdp_build(layout, step.number, step.record.flags);
    return step.record.flags & HOOK_SENT ? hash_value(build, egress_build()) : build;
}

// The programs that this build has for the hook, and the hook's record of them.
Result<void> load_programs(const Layout &layout, XdpStep &step) {
    hook_record &record = step.record;
    auto program = load_xdp(layout, step.number, record.flags);
    if (!program)
        return fail(program.error());
    record.cgroup = 0;
    if (record.flags & HOOK_SENT) {
        auto sent = load_egress(layout, step.number, record.flags);
        if (!sent)
            return fail(sent.error());
        record.cgroup = sent->id;
        step.sent_program = std::move(*sent);
    }
    record.program = program->id;
    record.build = build_of(layout, step);
    step.program = std::move(*program);
    return {};
}

// False: its program has been exchanged. A link that others took away is not made again: what the
// interface sends is not counted from then on.
bool open_sent_link(const Run &run, XdpStep &step) {
    if (!(step.record.flags & HOOK_SENT))
        return true;
    auto link = open_link(run.pins.sent_link(step.number));
    const auto state = link ? inspect_link(*link) : fail(Error{});
    if (!state || !state->attached) {
        step.record.flags &= ~HOOK_SENT;
        return true;
    }
    step.sent_link = std::move(*link);
    return state->program == step.record.cgroup;
}

// Hooks that are attached: they get this build's program if theirs is another one, or was
// exchanged.
Result<void> plan_present(const Run &run, std::vector<XdpStep> &steps) {
    if (run.layout.is_new())
        return {};
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = run.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_XDP)
            continue;
        XdpStep step;
        step.number = number;
        step.record = *record;
        auto link = open_link(run.pins.link(number));
        if (!link)
            return fail(link.error());
        const auto state = inspect_link(*link);
        if (!state)
            return fail(state.error());
        step.link = std::move(*link);
        step.old_program = state->program;
        step.record.flags = (record->flags & ~HOOK_FRAGS) | frags_flag();
        if (!open_sent_link(run, step) || build_of(run.layout, step) != record->build ||
            state->program != record->program)
            if (auto loaded = load_programs(run.layout, step); !loaded)
                return loaded;
        steps.push_back(std::move(step));
    }
    return {};
}

Result<void> refuse_other_mode(const Command &command, const XdpStep &present,
                               const XdpRequest &request) {
    const bool generic = present.record.flags & HOOK_GENERIC;
    if (request.mode == Mode::any || (request.mode == Mode::generic) == generic)
        return {};
    return fail(failure(request.interface + " is loaded in " + (generic ? "generic" : "native") +
                        " mode, and a mode cannot change without a gap")
                    .with_hint("sudo ebpf-load --unload --xdp " + request.interface +
                               same_place(command) + "   (then load again)"));
}

Result<void> make_way(const Run &run, const Interface &interface) {
    const auto foreign = run.netns.inside([&] { return find_foreign(interface, {}); });
    if (!foreign)
        return fail(foreign.error());
    if (!*foreign)
        return {};
    if (!run.command.replace)
        return fail(failure(interface.name + " has another XDP program: '" + (*foreign)->name +
                            "', id " + std::to_string((*foreign)->id))
                        .with_hint("sudo ebpf-load --replace --xdp " + interface.name +
                                   same_place(run.command) + "   (detaches it), or bpftool net"));
    std::fprintf(stderr, "ebpf-load: %s: detaching XDP program '%s', id %u\n",
                 interface.name.c_str(), printable((*foreign)->name).c_str(), (*foreign)->id);
    return {};
}

// A load that was killed, or somebody, left it without what counts what the interface sends.
Result<void> complete(const Layout &layout, XdpStep &present, const Interface &interface) {
    if (present.record.flags & HOOK_SENT || !has_egress())
        return {};
    present.interface = interface;
    present.record.flags |= HOOK_SENT;
    return load_programs(layout, present);
}

Result<void> plan_new(const Run &run, const XdpRequest &request, std::vector<XdpStep> &steps) {
    auto interface = find_interface(run.netns, request.interface);
    if (!interface)
        return fail(interface.error());
    for (XdpStep &present : steps) {
        if (present.record.netns != interface->netns || present.record.ifindex != interface->index)
            continue;
        present.named = true;
        if (auto same = refuse_other_mode(run.command, present, request); !same)
            return same;
        return complete(run.layout, present, *interface);
    }
    if (auto way = make_way(run, *interface); !way)
        return way;

    XdpStep step;
    const auto number = run.layout.free_hook();
    if (!number)
        return fail(number.error());
    if (auto forgotten = forget_counts(run.layout, *number); !forgotten)
        return forgotten;
    step.number = *number;
    step.mode = request.mode;
    step.named = true;
    hook_record &record = step.record;
    record.kind = HOOK_XDP;
    record.flags = frags_flag() | (interface->raw_ip ? HOOK_RAW_IP : 0) |
                   (interface->vlan_offload ? HOOK_VLAN_OFFLOAD : 0) |
                   (has_egress() ? HOOK_SENT : 0);
    record.ifindex = interface->index;
    record.netns = interface->netns;
    interface->name.copy(record.name, sizeof record.name - 1);
    if (auto loaded = load_programs(run.layout, step); !loaded)
        return loaded;
    step.interface = std::move(*interface);
    steps.push_back(std::move(step));
    return {};
}

// A link goes from the old program to the new one in one step of the kernel's.
Result<void> update_link(const Fd &link, uint32_t old_id, const Program &program,
                         const std::string &what, Undo &undo) {
    const auto old_program = std::make_shared<Fd>(bpf_prog_get_fd_by_id(old_id));
    const int fd = link.get(), fresh = program.fd.get();
    LIBBPF_OPTS(bpf_link_update_opts, options);
    options.flags = BPF_F_REPLACE;
    options.old_prog_fd = static_cast<__u32>(old_program->get());
    if (!old_program->valid() || bpf_link_update(fd, fresh, &options) != 0)
        return fail(system_error("update the program of " + what, errno));
    undo.add([fd, fresh, old_program] {
        LIBBPF_OPTS(bpf_link_update_opts, back);
        back.flags = BPF_F_REPLACE;
        back.old_prog_fd = static_cast<__u32>(fresh);
        bpf_link_update(fd, old_program->get(), &back);
    });
    return {};
}

// In the namespace of the interface.
Result<Fd> attach_link(const Run &run, XdpStep &step) {
    const auto foreign = find_foreign(step.interface, {});
    if (!foreign)
        return fail(foreign.error());
    if (*foreign && run.command.replace)
        if (auto gone = detach_foreign(run.netns, step.interface, **foreign, run.undo); !gone)
            return fail(gone.error());
    return attach_xdp(step.program, step.interface, step.mode, step.record.flags);
}

// To the place where it belongs, or where a new layout is built. Undone, it is detached at once:
// what was there before may come back.
Result<void> pin_link(const Run &run, const Fd &link, const std::string &name) {
    const std::string staged = stage_path(run.pins) + "/" + name;
    const std::string place = run.pins.path(name);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(staged).parent_path(), ignored);
    run.undo.add([fd = link.get(), staged, place] {
        bpf_link_detach(fd);
        unlink(staged.c_str());
        unlink(place.c_str());
    });
    if (bpf_obj_pin(link.get(), staged.c_str()) != 0)
        return fail(system_error("pin " + staged, errno));
    chmod(staged.c_str(), 0600);
    if (!run.layout.is_new() && rename(staged.c_str(), place.c_str()) != 0)
        return fail(system_error("move " + staged + " to " + place, errno));
    return {};
}

// Some devices may take no such program: what they receive is counted all the same.
Result<void> attach_sent(const Run &run, XdpStep &step) {
    if (!(step.record.flags & HOOK_SENT))
        return {};
    auto link = run.netns.inside([&] { return attach_egress(step.sent_program, step.interface); });
    if (!link && link.error().code != EOPNOTSUPP && link.error().code != EINVAL)
        return fail(link.error());
    if (!link) {
        std::fprintf(stderr, "ebpf-load: %s: what it sends is not counted: %s\n", step.record.name,
                     printable(link.error().text).c_str());
        step.record.flags &= ~HOOK_SENT;
        step.record.cgroup = 0;
        return {};
    }
    step.sent_link = std::move(*link);
    return pin_link(run, step.sent_link, "sent/" + std::to_string(step.number));
}

Result<void> update_sent(const Run &run, XdpStep &step) {
    if (!step.sent_link.valid())
        return attach_sent(run, step);
    const auto state = inspect_link(step.sent_link);
    if (!state)
        return fail(state.error());
    return update_link(step.sent_link, state->program, step.sent_program,
                       std::string("what ") + step.record.name + " sends", run.undo);
}

Result<void> update(const Run &run, XdpStep &step) {
    auto done = update_link(step.link, step.old_program, step.program, step.record.name, run.undo);
    if (done && step.record.flags & HOOK_SENT)
        done = update_sent(run, step);
    if (!done)
        return done;
    step.record.build = build_of(run.layout, step);
    return publish_record(run.layout, step, run.undo);
}

// The record is there before the first packet: readers look an event's interface up by its number.
Result<void> attach_new(const Run &run, XdpStep &step) {
    if (auto published = publish_record(run.layout, step, run.undo); !published)
        return published;
    auto link = run.netns.inside([&] { return attach_link(run, step); });
    if (!link)
        return fail(link.error());
    step.link = std::move(*link);
    if (auto pinned = pin_link(run, step.link, "links/" + std::to_string(step.number)); !pinned)
        return pinned;
    if (auto attached = attach_sent(run, step); !attached)
        return attached;
    step.record.build = build_of(run.layout, step);
    return run.layout.set_hook(step.number, step.record);
}

} // namespace

Result<XdpHooks> XdpHooks::plan(const Run &run) {
    XdpHooks hooks;
    if (auto planned = plan_present(run, hooks.steps_); !planned)
        return fail(planned.error());
    for (const XdpRequest &request : run.command.xdp)
        if (auto planned = plan_new(run, request, hooks.steps_); !planned)
            return fail(planned.error());
    return hooks;
}

Result<void> XdpHooks::attach(const Run &run) {
    for (XdpStep &step : steps_) {
        if (!step.program.fd.valid())
            continue;
        auto done = step.is_new() ? attach_new(run, step) : update(run, step);
        if (!done)
            return done;
    }
    return {};
}

void XdpHooks::tell(const Pins &pins) const {
    for (const XdpStep &step : steps_) {
        if (!step.named && !step.program.fd.valid())
            continue;
        const char *what = !step.program.fd.valid() ? "unchanged"
                           : step.old_program       ? "program replaced"
                                                    : "attached";
        std::fprintf(stderr, "ebpf-load: %s: XDP, %s mode, %s: %s\n", step.record.name,
                     step.record.flags & HOOK_GENERIC ? "generic" : "native", what,
                     pins.link(step.number).c_str());
        if (step.record.flags & HOOK_VLAN_OFFLOAD && !step.old_program)
            std::fprintf(stderr,
                         "ebpf-load: %s: the hardware may take VLAN tags away before XDP sees them "
                         "(ethtool -k %s: rx-vlan-offload)\n",
                         step.record.name, step.record.name);
    }
}

// A hook whose interface is gone keeps its pin, with no target; a number without a link is what a
// load that was killed left behind.
Result<void> sweep_hooks(const Pins &pins, Layout &layout) {
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = layout.hook(number);
        if (!record)
            return fail(record.error());
        const std::string path = pins.link(number);
        const auto link = open_link(path);
        if (!link && link.error().code != ENOENT) // it may well be at work
            return fail(link.error());
        const auto state = link ? inspect_link(*link) : fail(Error{});
        if (link && !state)
            return fail(state.error());
        if (link && record->kind != HOOK_NONE && state && state->attached)
            continue;
        if (link && record->kind == HOOK_XDP)
            std::fprintf(
                stderr,
                "ebpf-load: %s: the interface is gone, or others detached this: %s removed\n",
                record->name, path.c_str());
        unlink(path.c_str());
        detach_link(pins.sent_link(number));
        unlink(pins.sent_link(number).c_str());
        if (record->kind != HOOK_NONE)
            if (auto set = layout.set_hook(number, {}); !set)
                return set;
    }
    return {};
}

} // namespace pinpipe::loader
