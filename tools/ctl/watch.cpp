// SPDX-License-Identifier: MIT
// ebpf-ctl watch, unwatch.
#include "lib/base/signals.h"
#include "lib/pins/hooks.h"
#include "lib/rules/watch_list.h"
#include "tools/ctl/commands.h"

namespace pinpipe::ctl {
namespace {

Result<WatchList> open_watches(const Parsed &parsed) {
    const auto wait = lock_wait(parsed);
    if (!wait)
        return fail(wait.error());
    auto list = WatchList::open_to_write(Pins(parsed.pin_root), *wait);
    defer_stop_signals();
    return list;
}

// False also where the hooks may not be read: the admin group alone cannot.
bool counts_nothing(const Pins &pins) {
    const auto map = pins.open(hooks_map, Access::read);
    const auto hooks = map ? read_hooks(*map, pins.path(hooks_map.path)) : fail(map.error());
    return hooks && hook_names(*hooks).empty();
}

void warn_of_no_interface(const std::string &pin_root) {
    if (!counts_nothing(Pins(pin_root)))
        return;
    say("nothing counts yet: no interface is loaded");
    say_hint("sudo ebpf-load --xdp IFACE" + pin_root_option(pin_root));
}

// The port is not watched for all processes, but perhaps for some.
Error not_watched(const WatchList &list, const PortRule &ports) {
    const auto waiting = list.waiting();
    for (const WatchList::Waiting &one : waiting ? *waiting : std::vector<WatchList::Waiting>())
        if (ports.protos >> one.key.proto & 1 && one.key.port >= ports.range.first &&
            one.key.port <= ports.range.last)
            return failure(rule_text(ports) + " is watched only for certain processes")
                .with_hint("ebpf-ctl unwatch " + rule_text(ports) + " " + whom(one.text, ""));
    return failure(rule_text(ports) + " is not watched");
}

Result<void> unwatch_all(const Parsed &parsed) {
    auto list = open_watches(parsed);
    const auto cleared = list ? list->clear() : fail(list.error());
    if (!cleared)
        return fail(cleared.error());
    return *cleared ? Result<void>() : fail(failure("nothing is watched"));
}

} // namespace

Result<void> watch(const Parsed &parsed) {
    const auto ports = parse_port_rule(parsed.operands[1]);
    if (!ports)
        return fail(ports.error());
    Watch wanted{*ports, {}};
    if (parsed.operands.size() > 2) {
        auto process = find_process(parsed.operands[2]);
        if (!process)
            return fail(process.error());
        wanted.process = std::move(*process);
    }
    auto list = open_watches(parsed);
    const auto there = list ? list->has(wanted) : fail(list.error());
    if (!there)
        return fail(there.error());
    if (!*there)
        if (auto added = list->add({wanted}); !added)
            return added;
    if (*there)
        say("unchanged: " + watched_text(wanted));
    warn_of_no_interface(parsed.pin_root);
    return {};
}

Result<void> unwatch(const Parsed &parsed) {
    const size_t given = parsed.operands.size() - 1;
    if (parsed.has(opt_all) != (given == 0))
        return fail(usage_error("unwatch takes PORT[-PORT][/tcp|/udp|/both] [PROCESS], or --all")
                        .with_hint("ebpf-ctl --help"));
    if (parsed.has(opt_all))
        return unwatch_all(parsed);
    const auto ports = parse_port_rule(parsed.operands[1]);
    if (!ports)
        return fail(ports.error());
    const std::string process = given > 1 ? parsed.operands[2] : "";
    if (given > 1)
        if (const auto kind = process_kind(process); !kind)
            return fail(kind.error());
    auto list = open_watches(parsed);
    if (!list)
        return fail(list.error());
    const auto removed = given > 1 ? list->remove(*ports, process) : list->remove(*ports);
    if (!removed)
        return fail(removed.error());
    if (*removed)
        return {};
    return fail(given > 1 ? failure(rule_text(*ports) + " is not watched for " + process)
                          : not_watched(*list, *ports));
}

} // namespace pinpipe::ctl
