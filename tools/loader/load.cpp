#include "lib/base/signals.h"
#include "tools/loader/actions.h"
#include "tools/loader/frozen.h"
#include "tools/loader/iterator.h"
#include "tools/loader/pin_root.h"
#include "tools/loader/policy.h"
#include "tools/loader/sockets.h"
#include "tools/loader/watches.h"
#include "tools/loader/xdp_hooks.h"

#include <cstdio>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

struct Plan {
    const Command &command;
    const Netns &netns;
    const Pins &pins;
    Layout &layout;
    XdpHooks hooks;
    Sockets sockets;
    Policy policy;
    std::vector<Watch> watches;
    std::vector<std::string> watched; // what is told of them
    Undo undo;                        // last: its steps use all of the above
    Run run() { return {command, netns, pins, layout, undo}; }
};

Result<void> carry_out(Plan &plan) {
    if (auto attached = plan.hooks.attach(plan.run()); !attached)
        return attached;
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
    auto watched =
        add_watches(plan.pins, plan.watches, plan.command.wait); // all or none, so this comes last
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
    if (!plan.watched.empty() && !plan.hooks.is_there())
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
    plan.hooks.tell(plan.pins);
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

Result<void> load(const Command &command) {
    Result<PinRoot> root = fail(Error{});
    Undo root_undo;
    root = PinRoot::prepare(command.pin_root, command.wait, root_undo);
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
    Undo frozen_undo;
    if (!fresh)
        if (auto mended = mend_frozen(pins, command.wait, frozen_undo); !mended)
            return mended;
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
    auto hooks = XdpHooks::plan(plan.run());
    if (!hooks)
        return fail(hooks.error());
    plan.hooks = std::move(*hooks);
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
    frozen_undo.keep();
    root_undo.keep();
    tell(plan);
    if (!root->doubt().empty())
        std::fprintf(stderr, "ebpf-load: %s\n", root->doubt().c_str());
    return {};
}

} // namespace pinpipe::loader
