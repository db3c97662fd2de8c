// SPDX-License-Identifier: MIT
// Unloading the socket probes and their maps.
#include "tools/loader/refusal.h"
#include "tools/loader/sockets.h"
#include "tools/loader/watches.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <unistd.h>

namespace pinpipe::loader {

void stop_sockets(const Pins &pins) {
    const auto active = pins.open(active_map, Access::write);
    const switch_record none{};
    const __u32 zero = 0;
    if (active)
        bpf_map_update_elem(active->get(), &zero, &none, BPF_ANY);
}

Result<bool> Sockets::is_left(Run &run) {
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = run.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind == HOOK_SOCKETS)
            return true;
    }
    return false;
}

Result<void> Sockets::check_unload(Run &run) {
    if (!run.command.sockets)
        return {};
    const auto left = is_left(run);
    if (!left)
        return fail(left.error());
    return *left ? Result<void>() : fail(nothing_loaded("the socket probes are not loaded"));
}

Result<void> Sockets::unload(Run &run) {
    if (!run.command.sockets)
        return {};
    stop_sockets(run.pins);
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = run.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_SOCKETS)
            continue;
        const std::string path = run.pins.link(number);
        if (unlink(path.c_str()) != 0 && errno != ENOENT)
            return fail(system_error("remove " + path, errno));
        if (auto set = run.layout.set_hook(number, {}); !set)
            return set;
    }
    if (auto forgotten = forget_claims(run.layout); !forgotten)
        return forgotten;
    for (const MapSpec *spec : socket_maps)
        if (spec != &exes_map)
            unlink(run.pins.path(spec->path).c_str());
    for (const char *path : {bound_path, admin_bound_path})
        unlink(run.pins.path(path).c_str());
    forget_refused_of_sockets(run.layout);
    std::fprintf(stderr, "ebpf-load: sockets: unloaded\n");
    return {};
}

} // namespace pinpipe::loader
