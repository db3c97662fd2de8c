// SPDX-License-Identifier: MIT
#include "lib/base/signals.h"
#include "tools/loader/actions.h"
#include "tools/loader/features.h"
#include "tools/loader/pin_root.h"
#include "tools/loader/rule_maps.h"
#include "tools/loader/stage.h"

#include <bpf/bpf.h>
#include <cstdio>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// Sets the flag that readers check. Only in a map of this layout's version: others lack the flag.
void tell_readers(const Pins &pins) {
    auto abi = pins.abi();
    const auto map = abi ? pins.open(abi_map, Access::write) : fail(Error{});
    if (!map)
        return;
    abi->unloaded = 1;
    const __u32 zero = 0;
    bpf_map_update_elem(map->get(), &zero, &*abi, BPF_ANY);
}

bool is_empty(const Pins &pins) {
    for (const char *part : {"abi", "links", "sent", "maps", "admin", "readers", "stage"})
        if (access(pins.path(part).c_str(), F_OK) == 0)
            return false;
    return true;
}

Result<void> unload_all(const Pins &pins) {
    const size_t subjects = count_subjects(pins);
    tell_readers(pins);
    stop_sockets(pins);
    if (auto removed = remove_all(pins); !removed)
        return removed;
    remove_root(pins.root());
    std::fprintf(stderr, "ebpf-load: unloaded: %s\n", pins.root().c_str());
    say_rules_are_gone(subjects);
    return {};
}

Result<bool> is_anything_left(const Features &features, Run &run) {
    for (Feature *const feature : features.all())
        if (auto left = feature->is_left(run); !left || *left)
            return left;
    return false;
}

} // namespace

Result<void> unload(const Command &command) {
    Result<PinRoot> root = fail(Error{});
    Undo undo; // of the lock alone
    root = PinRoot::open(command.pin_root, command.wait, undo);
    if (!root)
        return fail(root.error());
    defer_stop_signals();
    const Pins pins(command.pin_root);
    if (is_empty(pins))
        return fail(not_loaded(command.pin_root));
    undo.keep();
    if (command.xdp.empty() && command.cgroups.empty() && !command.sockets)
        return unload_all(pins);

    const auto netns = Netns::open(command.netns);
    if (!netns)
        return fail(netns.error());
    auto layout = Layout::open(pins, {});
    if (!layout)
        return fail(layout.error());
    Features features;
    Run run{.command = command, .netns = *netns, .pins = pins, .layout = *layout};
    for (const auto step : {&Feature::check_unload, &Feature::unload})
        if (auto done = features.each(step, run); !done)
            return done;
    const auto left = is_anything_left(features, run);
    if (!left)
        return fail(left.error());
    layout->announce();
    return *left ? Result<void>() : unload_all(pins);
}

} // namespace pinpipe::loader
