#include "lib/signals.h"
#include "tools/loader/actions.h"
#include "tools/loader/build_hash.h"
#include "tools/loader/egress.h"
#include "tools/loader/iterator.h"
#include "tools/loader/pin_root.h"
#include "tools/loader/policy.h"
#include "tools/loader/sockets.h"
#include "tools/loader/watches.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// One hook that this load touches.
struct Step {
    unsigned number = 0;
    hook_record record{};
    Interface interface; // of a new hook
    Mode mode = Mode::any;
    Fd link; // of a hook that is there
    uint32_t old_program = 0;
    Program program; // what it gets; none: unchanged
    Fd sent_link;    // the same of HOOK_SENT
    Program sent_program;
    bool named = false; // on the command line
    bool replace = false;
    bool is_new() const { return !link.valid(); }
};

struct Plan {
    const Command &command;
    const Netns &netns;
    const Pins &pins;
    Layout &layout;
    std::vector<Step> steps;
    Sockets sockets;
    Policy policy;
    std::vector<Watch> watches;
    std::vector<std::string> watched; // what is told of them
    Undo undo;                        // last: its steps use all of the above
};

Result<void> publish_record(Layout &layout, const Step &step, Undo &undo) {
    const auto before = layout.hook(step.number);
    if (!before)
        return fail(before.error());
    undo.add([&layout, number = step.number, record = *before] {
        static_cast<void>(layout.set_hook(number, record));
    });
    return layout.set_hook(step.number, step.record);
}

uint64_t build_of(const Layout &layout, const Step &step) {
    const uint64_t build = xdp_build(layout, step.number, step.record.flags);
    return step.record.flags & HOOK_SENT ? hash_value(build, egress_build()) : build;
}

// The programs that this build has for the hook, and the hook's record of them.
Result<void> load_programs(const Layout &layout, Step &step) {
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
bool open_sent_link(const Plan &plan, Step &step) {
    if (!(step.record.flags & HOOK_SENT))
        return true;
    auto link = open_link(plan.pins.sent_link(step.number));
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
Result<void> plan_present(Plan &plan) {
    if (plan.layout.is_new())
        return {};
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = plan.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_XDP)
            continue;
        Step step;
        step.number = number;
        step.record = *record;
        auto link = open_link(plan.pins.link(number));
        if (!link)
            return fail(link.error());
        const auto state = inspect_link(*link);
        if (!state)
            return fail(state.error());
        step.link = std::move(*link);
        step.old_program = state->program;
        step.record.flags = (record->flags & ~HOOK_FRAGS) | frags_flag();
        if (!open_sent_link(plan, step) || build_of(plan.layout, step) != record->build ||
            state->program != record->program)
            if (auto loaded = load_programs(plan.layout, step); !loaded)
                return loaded;
        plan.steps.push_back(std::move(step));
    }
    return {};
}

// The options that make another ebpf-load command, in a hint, mean the same place.
std::string same_place(const Command &command) {
    return pin_root_option(command.pin_root) +
           (command.netns.empty() ? "" : " --netns " + command.netns);
}

Result<void> refuse_other_mode(const Command &command, const Step &present,
                               const XdpRequest &request) {
    const bool generic = present.record.flags & HOOK_GENERIC;
    if (request.mode == Mode::any || (request.mode == Mode::generic) == generic)
        return {};
    return fail(failure(request.interface + " is loaded in " + (generic ? "generic" : "native") +
                        " mode, and a mode cannot change without a gap")
                    .with_hint("sudo ebpf-load --unload --xdp " + request.interface +
                               same_place(command) + "   (then load again)"));
}

Result<void> make_way(Plan &plan, const Interface &interface) {
    const auto foreign = plan.netns.inside([&] { return find_foreign(interface, {}); });
    if (!foreign)
        return fail(foreign.error());
    if (!*foreign)
        return {};
    if (!plan.command.replace)
        return fail(failure(interface.name + " has another XDP program: '" + (*foreign)->name +
                            "', id " + std::to_string((*foreign)->id))
                        .with_hint("sudo ebpf-load --replace --xdp " + interface.name +
                                   same_place(plan.command) + "   (detaches it), or bpftool net"));
    std::fprintf(stderr, "ebpf-load: %s: detaching XDP program '%s', id %u\n",
                 interface.name.c_str(), printable((*foreign)->name).c_str(), (*foreign)->id);
    return {};
}

// A load that was killed, or somebody, left it without what counts what the interface sends.
Result<void> complete(const Layout &layout, Step &present, const Interface &interface) {
    if (present.record.flags & HOOK_SENT || !has_egress())
        return {};
    present.interface = interface;
    present.record.flags |= HOOK_SENT;
    return load_programs(layout, present);
}

Result<void> plan_new(Plan &plan, const XdpRequest &request) {
    auto interface = find_interface(plan.netns, request.interface);
    if (!interface)
        return fail(interface.error());
    for (Step &present : plan.steps) {
        if (present.record.netns != interface->netns || present.record.ifindex != interface->index)
            continue;
        present.named = true;
        if (auto same = refuse_other_mode(plan.command, present, request); !same)
            return same;
        return complete(plan.layout, present, *interface);
    }
    if (auto way = make_way(plan, *interface); !way)
        return way;

    Step step;
    const auto number = plan.layout.free_hook();
    if (!number)
        return fail(number.error());
    if (auto forgotten = forget_counts(plan.layout, *number); !forgotten)
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
    if (auto loaded = load_programs(plan.layout, step); !loaded)
        return loaded;
    step.interface = std::move(*interface);
    plan.steps.push_back(std::move(step));
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
Result<Fd> attach_link(Plan &plan, Step &step) {
    const auto foreign = find_foreign(step.interface, {});
    if (!foreign)
        return fail(foreign.error());
    if (*foreign && plan.command.replace)
        if (auto gone = detach_foreign(plan.netns, step.interface, **foreign, plan.undo); !gone)
            return fail(gone.error());
    return attach_xdp(step.program, step.interface, step.mode, step.record.flags);
}

// To the place where it belongs, or where a new layout is built. Undone, it is detached at once:
// what was there before may come back.
Result<void> pin_link(Plan &plan, const Fd &link, const std::string &name) {
    const std::string staged = stage_path(plan.pins) + "/" + name;
    const std::string place = plan.pins.path(name);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(staged).parent_path(), ignored);
    plan.undo.add([fd = link.get(), staged, place] {
        bpf_link_detach(fd);
        unlink(staged.c_str());
        unlink(place.c_str());
    });
    if (bpf_obj_pin(link.get(), staged.c_str()) != 0)
        return fail(system_error("pin " + staged, errno));
    chmod(staged.c_str(), 0600);
    if (!plan.layout.is_new() && rename(staged.c_str(), place.c_str()) != 0)
        return fail(system_error("move " + staged + " to " + place, errno));
    return {};
}

// Some devices may take no such program: what they receive is counted all the same.
Result<void> attach_sent(Plan &plan, Step &step) {
    if (!(step.record.flags & HOOK_SENT))
        return {};
    auto link = plan.netns.inside([&] { return attach_egress(step.sent_program, step.interface); });
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
    return pin_link(plan, step.sent_link, "sent/" + std::to_string(step.number));
}

Result<void> update_sent(Plan &plan, Step &step) {
    if (!step.sent_link.valid())
        return attach_sent(plan, step);
    const auto state = inspect_link(step.sent_link);
    if (!state)
        return fail(state.error());
    return update_link(step.sent_link, state->program, step.sent_program,
                       std::string("what ") + step.record.name + " sends", plan.undo);
}

Result<void> update(Plan &plan, Step &step) {
    auto done = update_link(step.link, step.old_program, step.program, step.record.name, plan.undo);
    if (done && step.record.flags & HOOK_SENT)
        done = update_sent(plan, step);
    if (!done)
        return done;
    step.record.build = build_of(plan.layout, step);
    return publish_record(plan.layout, step, plan.undo);
}

// The record is there before the first packet: readers look an event's interface up by its number.
Result<void> attach(Plan &plan, Step &step) {
    if (auto published = publish_record(plan.layout, step, plan.undo); !published)
        return published;
    auto link = plan.netns.inside([&] { return attach_link(plan, step); });
    if (!link)
        return fail(link.error());
    step.link = std::move(*link);
    if (auto pinned = pin_link(plan, step.link, "links/" + std::to_string(step.number)); !pinned)
        return pinned;
    if (auto attached = attach_sent(plan, step); !attached)
        return attached;
    step.record.build = build_of(plan.layout, step);
    return plan.layout.set_hook(step.number, step.record);
}

Result<void> carry_out(Plan &plan) {
    for (Step &step : plan.steps) {
        if (!step.program.fd.valid())
            continue;
        auto done = step.is_new() ? attach(plan, step) : update(plan, step);
        if (!done)
            return done;
    }
    if (auto attached = plan.sockets.attach(plan.pins, plan.layout, plan.undo); !attached)
        return attached;
    if (auto attached = plan.policy.attach(plan.pins, plan.layout, plan.undo); !attached)
        return attached;
    if (plan.sockets.outcome() != Sockets::Outcome::absent || plan.policy.is_there())
        if (auto provided = provide_session(plan.pins, plan.layout, plan.undo); !provided)
            return provided;
    if (auto protected_ = plan.layout.protect(plan.pins, plan.undo); !protected_)
        return protected_;
    if (auto published = plan.layout.publish(plan.pins, plan.undo); !published)
        return published;
    if (auto adopted = plan.policy.adopt(); !adopted)
        return adopted;
    if (auto started = plan.sockets.start(plan.undo); !started)
        return started;
    if (auto looked = plan.sockets.look(plan.pins); !looked)
        return looked;
    auto watched = add_watches(plan.pins, plan.watches); // all or none, so this comes last
    if (!watched)
        return fail(watched.error());
    plan.watched = std::move(*watched);
    return {};
}

// Before anything is touched.
Result<void> check_watches(const Plan &plan) {
    const Command &command = plan.command;
    const bool alone = command.xdp.empty() && command.cgroups.empty() && !command.sockets;
    if (plan.layout.is_new() && alone)
        return fail(not_loaded(command.pin_root, "--xdp IFACE --watch PORT"));
    for (const Watch &watch : plan.watches)
        if (watch.process && plan.sockets.outcome() == Sockets::Outcome::absent) {
            Error error = failure("--watch with a process needs the socket probes");
            error.exit = Exit::not_loaded;
            return fail(std::move(error).with_hint("sudo ebpf-load --sockets --watch " +
                                                   rule_text(watch.ports) + ":" +
                                                   watch.process->text + same_place(command)));
        }
    return {};
}

void tell_watches(const Plan &plan) {
    for (const std::string &text : plan.watched)
        std::fprintf(stderr, "ebpf-load: %s\n", printable(text).c_str());
    const auto is_xdp = [](const Step &step) { return step.record.kind == HOOK_XDP; };
    if (!plan.watched.empty() && std::none_of(plan.steps.begin(), plan.steps.end(), is_xdp))
        std::fprintf(stderr, "ebpf-load: nothing counts yet: no interface is loaded\n");
}

void tell_sockets(const Plan &plan) {
    const char *what = nullptr;
    switch (plan.sockets.outcome()) {
    case Sockets::Outcome::absent: return;
    case Sockets::Outcome::unchanged: what = "unchanged"; break;
    case Sockets::Outcome::attached: what = "attached"; break;
    case Sockets::Outcome::replaced: what = "programs replaced"; break;
    }
    if (plan.command.sockets || plan.sockets.outcome() != Sockets::Outcome::unchanged)
        std::fprintf(stderr, "ebpf-load: sockets: %s probes, %s: %s\n",
                     probe_kind_name(plan.sockets.kind()), what, plan.pins.path("links").c_str());
}

void tell(const Plan &plan) {
    for (const Step &step : plan.steps) {
        if (!step.named && !step.program.fd.valid())
            continue;
        const char *what = !step.program.fd.valid() ? "unchanged"
                           : step.old_program       ? "program replaced"
                                                    : "attached";
        std::fprintf(stderr, "ebpf-load: %s: XDP, %s mode, %s: %s\n", step.record.name,
                     step.record.flags & HOOK_GENERIC ? "generic" : "native", what,
                     plan.pins.link(step.number).c_str());
        if (step.record.flags & HOOK_VLAN_OFFLOAD && !step.old_program)
            std::fprintf(stderr,
                         "ebpf-load: %s: the hardware may take VLAN tags away before XDP sees them "
                         "(ethtool -k %s: rx-vlan-offload)\n",
                         step.record.name, step.record.name);
    }
    for (const Policy::Told &told : plan.policy.told())
        if (told.wanted)
            std::fprintf(stderr, "ebpf-load: %s: rules, %s: %s\n", printable(told.path).c_str(),
                         told.what, plan.pins.path("links").c_str());
    tell_sockets(plan);
    tell_watches(plan);
    if (plan.layout.is_new()) {
        std::fprintf(stderr, "ebpf-load: %u readers with %u bytes each: %s\n",
                     plan.layout.abi().readers, plan.layout.abi().ring_size,
                     plan.pins.path("readers").c_str());
        if (plan.layout.abi().group == 0)
            std::fprintf(stderr,
                         "ebpf-load: only root may read; for others: sudo groupadd --system "
                         "ebpf, then load again with --group ebpf\n");
    }
}

// Without an abi record the rest is what an interrupted load left; with one that says unloaded, an
// unload.
bool is_fresh(const Pins &pins) {
    if (access(pins.path("abi").c_str(), F_OK) != 0)
        return true;
    const auto abi = pins.abi();
    return abi && abi->unloaded;
}

} // namespace

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

Result<void> load(const Command &command) {
    Result<PinRoot> root = fail(Error{});
    Undo root_undo;
    root = PinRoot::prepare(command.pin_root, root_undo);
    if (!root)
        return fail(root.error());
    defer_stop_signals();
    const Pins pins(command.pin_root);
    const auto netns = Netns::open(command.netns);
    if (!netns)
        return fail(netns.error());
    if (auto cleared = clear_stage(pins); !cleared)
        return cleared;
    const bool fresh = is_fresh(pins);
    if (fresh)
        if (auto removed = remove_all(pins); !removed)
            return removed;
    Undo stage_undo;
    stage_undo.add([&pins] { static_cast<void>(clear_stage(pins)); });
    auto layout =
        fresh ? Layout::create(pins, command.settings) : Layout::open(pins, command.settings);
    if (!layout)
        return fail(layout.error());
    if (!fresh)
        if (auto swept = sweep_hooks(pins, *layout); !swept)
            return swept;

    Plan plan{command, *netns, pins, *layout, {}, {}, {}, {}, {}, {}};
    auto watches = find_watches(command.watches);
    if (!watches)
        return fail(watches.error());
    plan.watches = std::move(*watches);
    if (auto planned = plan_present(plan); !planned)
        return planned;
    for (const XdpRequest &request : command.xdp)
        if (auto planned = plan_new(plan, request); !planned)
            return planned;
    auto sockets = Sockets::plan(pins, *layout, command.sockets, command.probe, plan.undo);
    if (!sockets)
        return fail(sockets.error());
    plan.sockets = std::move(*sockets);
    auto policy = Policy::plan(pins, *layout, command.cgroups, plan.undo);
    if (!policy)
        return fail(policy.error());
    plan.policy = std::move(*policy);
    if (auto checked = check_watches(plan); !checked)
        return checked;
    if (auto done = carry_out(plan); !done)
        return done;
    plan.sockets.finish(pins, *layout);
    layout->announce();
    plan.undo.keep();
    root_undo.keep();
    tell(plan);
    if (!root->doubt().empty())
        std::fprintf(stderr, "ebpf-load: %s\n", root->doubt().c_str());
    return {};
}

} // namespace pinpipe::loader
