// SPDX-License-Identifier: MIT
#include "lib/base/signals.h"
#include "tools/loader/actions.h"
#include "tools/loader/features.h"
#include "tools/loader/frozen.h"
#include "tools/loader/pin_root.h"
#include "tools/loader/stage.h"

#include <cstdio>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// All features are loaded and attached before a new layout moves into its place.
Result<void> take_steps(const Features &features, Run &run) {
    for (const auto step : {&Feature::plan, &Feature::load, &Feature::attach})
        if (auto done = features.each(step, run); !done)
            return done;
    if (auto protected_ = run.layout.protect(run.pins, run.undo); !protected_)
        return protected_;
    if (auto published = run.layout.publish(run.pins, run.undo); !published)
        return published;
    return features.each(&Feature::publish, run);
}

void tell_layout(const Run &run) {
    const abi_record &abi = run.layout.abi();
    std::fprintf(stderr, "ebpf-load: %u readers with %u bytes each: %s\n", abi.readers,
                 abi.ring_size, run.pins.path("readers").c_str());
    if (abi.group == 0)
        std::fprintf(stderr, "ebpf-load: only root may read; for others: sudo groupadd --system "
                             "ebpf, then load again with --group ebpf\n");
}

void tell(const Features &features, const Run &run) {
    for (const Feature *feature : features.all())
        feature->tell(run);
    for (const Refused &refused : run.refused)
        std::fprintf(stderr, "ebpf-load: %s\n", printable(refused_text(refused)).c_str());
    for (const std::string &change : run.layout.access_changes())
        std::fprintf(stderr, "ebpf-load: %s\n", printable(change).c_str());
    if (run.layout.is_new())
        tell_layout(run);
}

// Whether a new layout is to be made. Pins without an abi record were left by an interrupted load,
// and those with a record that says unloaded by an interrupted unload.
bool is_fresh(const Pins &pins) {
    if (access(pins.path("abi").c_str(), F_OK) != 0)
        return true;
    const auto abi = pins.abi();
    return abi && abi->unloaded;
}

// Opens the existing layout, after frozen maps and dead hooks were dealt with; or makes a new one
// below the stage.
Result<Layout> open_layout(const Pins &pins, const Command &command, Undo &undo) {
    if (auto cleared = clear_stage(pins); !cleared)
        return fail(cleared.error());
    if (is_fresh(pins)) {
        auto removed = remove_all(pins);
        return removed ? Layout::create(pins, command.settings) : fail(removed.error());
    }
    if (auto mended = mend_frozen(pins, command.wait, undo); !mended)
        return fail(mended.error());
    auto layout = Layout::open(pins, command.settings);
    if (!layout)
        return layout;
    if (auto swept = sweep_hooks(pins, *layout); !swept)
        return fail(swept.error());
    return layout;
}

Result<void> load_at(const Command &command, const Netns &netns, const Pins &pins) {
    Undo frozen_undo, stage_undo;
    stage_undo.add([&pins] { static_cast<void>(clear_stage(pins)); });
    auto layout = open_layout(pins, command, frozen_undo);
    if (!layout)
        return fail(layout.error());
    Features features; // before run: undoing a step uses its feature
    Run run{.command = command, .netns = netns, .pins = pins, .layout = *layout};
    if (auto done = take_steps(features, run); !done)
        return done;
    for (Feature *feature : features.all())
        feature->finish(run);
    layout->announce();
    run.undo.keep();
    frozen_undo.keep();
    tell(features, run);
    return {};
}

} // namespace

Result<void> load(const Command &command) {
    Result<PinRoot> root = fail(Error{}); // before root_undo: the lock is released after undoing
    Undo root_undo;
    root = PinRoot::prepare(command.pin_root, command.wait, root_undo);
    if (!root)
        return fail(root.error());
    defer_stop_signals();
    const auto netns = Netns::open(command.netns);
    if (!netns)
        return fail(netns.error());
    if (auto loaded = load_at(command, *netns, Pins(command.pin_root)); !loaded)
        return loaded;
    root_undo.keep();
    if (!root->doubt().empty())
        std::fprintf(stderr, "ebpf-load: %s\n", root->doubt().c_str());
    return {};
}

} // namespace pinpipe::loader
