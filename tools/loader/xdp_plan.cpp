// SPDX-License-Identifier: MIT
// Planning the XDP hooks: those that are attached, and those that the command asks for.
#include "tools/loader/foreign.h"
#include "tools/loader/watches.h"
#include "tools/loader/xdp_hooks.h"

#include "lib/pins/links.h"

#include <cstdio>

namespace pinpipe::loader {
namespace {

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

Result<XdpStep> step_of(const Run &run, unsigned number, const hook_record &record) {
    XdpStep step;
    step.number = number;
    step.record = record;
    auto link = open_link(run.pins.link(number));
    if (!link)
        return fail(link.error());
    const auto state = inspect_link(*link);
    if (!state)
        return fail(state.error());
    step.link = std::move(*link);
    step.old_program = state->program;
    step.is_outdated = state->program != record.program;
    step.record.flags = (record.flags & ~HOOK_FRAGS) | frags_flag(run.layout);
    return step;
}

hook_record record_of(const Layout &layout, const Interface &interface) {
    hook_record record{};
    record.kind = HOOK_XDP;
    record.flags = frags_flag(layout) | (interface.raw_ip ? HOOK_RAW_IP : 0) |
                   (interface.vlan_offload ? HOOK_VLAN_OFFLOAD : 0);
    record.ifindex = interface.index;
    record.netns = interface.netns;
    interface.name.copy(record.name, sizeof record.name - 1);
    return record;
}

} // namespace

Result<void> XdpHooks::plan_present(Run &run) {
    for (unsigned number = 0; !run.layout.is_new() && number < MAX_HOOKS; number++) {
        const auto record = run.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_XDP)
            continue;
        auto step = step_of(run, number, *record);
        if (!step)
            return fail(step.error());
        steps_.push_back(std::move(*step));
    }
    return {};
}

Result<void> XdpHooks::plan_new(Run &run, const XdpRequest &request) {
    auto interface = find_interface(run.netns, request.interface);
    if (!interface)
        return fail(interface.error());
    for (XdpStep &present : steps_) {
        if (present.record.netns != interface->netns || present.record.ifindex != interface->index)
            continue;
        present.named = true;
        present.interface = std::move(*interface);
        return refuse_other_mode(run.command, present, request);
    }
    if (auto way = make_way(run, *interface); !way)
        return way;
    const auto number = run.layout.free_hook();
    if (!number)
        return fail(number.error());
    if (auto forgotten = forget_counts(run.layout, *number); !forgotten)
        return forgotten;
    XdpStep step;
    step.number = *number;
    step.mode = request.mode;
    step.named = step.is_new = true;
    step.record = record_of(run.layout, *interface);
    step.interface = std::move(*interface);
    steps_.push_back(std::move(step));
    return {};
}

Result<void> XdpHooks::plan(Run &run) {
    if (auto planned = plan_present(run); !planned)
        return planned;
    if (steps_.empty())
        for (const char *object : {"xdp", "egress", ""})
            run.layout.forget_refused(object);
    for (const XdpRequest &request : run.command.xdp)
        if (auto planned = plan_new(run, request); !planned)
            return planned;
    return {};
}

} // namespace pinpipe::loader
