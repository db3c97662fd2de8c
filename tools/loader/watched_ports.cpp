// SPDX-License-Identifier: MIT
#include "tools/loader/watched_ports.h"

#include "tools/loader/refusal.h"
#include "tools/loader/sockets.h"
#include "tools/loader/xdp_hooks.h"

#include <cstdio>

namespace pinpipe::loader {
namespace {

Error need_probes(const Watch &watch, const Command &command) {
    Error error = failure("--watch with a process needs the socket probes");
    error.exit = Exit::not_loaded;
    return std::move(error).with_hint("sudo ebpf-load --sockets --watch " + rule_text(watch.ports) +
                                      ":" + watch.process->text + same_place(command));
}

} // namespace

Result<void> WatchedPorts::plan(Run &run) {
    auto watches = find_watches(run.command.watches);
    if (!watches)
        return fail(watches.error());
    watches_ = std::move(*watches);
    const Command &command = run.command;
    const bool alone = command.xdp.empty() && command.cgroups.empty() && !command.sockets;
    if (run.layout.is_new() && alone)
        return fail(not_loaded(command.pin_root, "--xdp IFACE --watch PORT"));
    for (const Watch &watch : watches_)
        if (watch.process && !sockets_.is_there())
            return fail(need_probes(watch, command));
    return {};
}

// Fails without the iterator over sockets, since that finds the owners of a port.
Result<void> WatchedPorts::attach(Run &run) {
    const int code = run.layout.refused(OPTIONAL_LIST_BOUND);
    for (const Watch &watch : watches_)
        if (watch.process && code)
            return fail(
                kernel_error_to_check("watch ports of a process without " +
                                          component_text(*find_optional(OPTIONAL_LIST_BOUND)),
                                      code));
    return {};
}

// The last step of a load: watches are added all at once or not at all, and not undone.
Result<void> WatchedPorts::publish(Run &run) {
    auto told = add_watches(run.pins, watches_, run.command.wait);
    if (!told)
        return fail(told.error());
    told_ = std::move(*told);
    return {};
}

void WatchedPorts::tell(const Run &) const {
    for (const std::string &text : told_)
        std::fprintf(stderr, "ebpf-load: %s\n", printable(text).c_str());
    if (!told_.empty() && !hooks_.is_there())
        std::fprintf(stderr, "ebpf-load: nothing counts yet: no interface is loaded\n");
}

} // namespace pinpipe::loader
