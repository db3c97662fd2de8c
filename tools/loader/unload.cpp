#include "lib/base/signals.h"
#include "lib/pins/links.h"
#include "tools/loader/actions.h"
#include "tools/loader/pin_root.h"
#include "tools/loader/policy.h"
#include "tools/loader/sockets.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// Readers look at this flag; a map of another layout has none where we would write it.
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
    tell_readers(pins);
    stop_sockets(pins);
    if (auto removed = remove_all(pins); !removed)
        return removed;
    remove_root(pins.root());
    std::fprintf(stderr, "ebpf-load: unloaded: %s\n", pins.root().c_str());
    return {};
}

// Also of an interface that is gone: by its name when it was attached.
bool is_named(const hook_record &record, const Command &command, const Netns &netns) {
    if (record.kind != HOOK_XDP || record.netns != netns.inode())
        return false;
    for (const XdpRequest &request : command.xdp)
        if (request.interface == record.name)
            return true;
    return false;
}

Result<void> check_named(const Layout &layout, const Command &command, const Netns &netns) {
    for (const XdpRequest &request : command.xdp) {
        bool found = false;
        for (unsigned number = 0; number < MAX_HOOKS && !found; number++) {
            const auto record = layout.hook(number);
            if (!record)
                return fail(record.error());
            found = record->kind == HOOK_XDP && record->netns == netns.inode() &&
                    request.interface == record->name;
        }
        if (found)
            continue;
        Error error = failure(request.interface + " is not loaded");
        error.exit = Exit::not_loaded;
        return fail(std::move(error).with_hint("ebpf-ctl status"));
    }
    return {};
}

Result<void> unload_named_cgroups(const Pins &pins, const Command &command) {
    std::vector<uint64_t> ids;
    const auto present = attached_cgroups(pins);
    if (!present)
        return fail(present.error());
    for (const std::string &text : command.cgroups) {
        const auto cgroup = find_cgroup(text);
        if (!cgroup)
            return fail(cgroup.error());
        const auto is_it = [&](const auto &place) { return place.second.id == cgroup->id; };
        if (std::none_of(present->begin(), present->end(), is_it)) {
            Error error = failure(text + " is not loaded");
            error.exit = Exit::not_loaded;
            return fail(std::move(error).with_hint("ebpf-ctl status"));
        }
        ids.push_back(cgroup->id);
    }
    const auto gone = unload_cgroups(pins, ids);
    return gone ? Result<void>() : fail(gone.error());
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
    if (auto named = check_named(*layout, command, *netns); !named)
        return named;
    if (command.sockets) {
        const auto gone = unload_sockets(pins, *layout);
        if (!gone)
            return fail(gone.error());
        if (!*gone) {
            Error error = failure("the socket probes are not loaded");
            error.exit = Exit::not_loaded;
            return fail(std::move(error).with_hint("ebpf-ctl status"));
        }
        std::fprintf(stderr, "ebpf-load: sockets: unloaded\n");
    }
    if (!command.cgroups.empty())
        if (auto gone = unload_named_cgroups(pins, command); !gone)
            return gone;
    const auto cgroups = attached_cgroups(pins);
    if (!cgroups)
        return fail(cgroups.error());
    auto left = static_cast<unsigned>(cgroups->size());
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = layout->hook(number);
        if (!record)
            return fail(record.error());
        if (!is_named(*record, command, *netns)) {
            left += record->kind != HOOK_NONE;
            continue;
        }
        detach_link(pins.link(number));
        detach_link(pins.sent_link(number));
        unlink(pins.sent_link(number).c_str());
        if (unlink(pins.link(number).c_str()) != 0 && errno != ENOENT)
            return fail(system_error("remove " + pins.link(number), errno));
        if (auto set = layout->set_hook(number, {}); !set)
            return set;
        std::fprintf(stderr, "ebpf-load: %s: unloaded\n", record->name);
    }
    if (cgroups->empty() && access(pins.path(active_map.path).c_str(), F_OK) != 0)
        for (const char *path : {session_path, exes_map.path}) // of both
            unlink(pins.path(path).c_str());
    layout->announce();
    if (!left)
        return unload_all(pins);
    return {};
}

} // namespace pinpipe::loader
