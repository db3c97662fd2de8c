// SPDX-License-Identifier: MIT
#include "tools/reader/loaded.h"

#include "lib/event/stream_names.h"
#include "lib/pins/pins.h"

#include <unistd.h>

namespace pinpipe::reader {

Result<uint64_t> wanted_hooks(const HookTable &hooks, const Request &request) {
    const std::vector<std::string> &names = request.interfaces;
    if (names.empty())
        return ~uint64_t{0};
    uint64_t bits = 0;
    for (const std::string &name : names) {
        const uint64_t named = hooks_named(hooks, name);
        if (!named) {
            const std::string loaded = hook_names(hooks);
            Error error = failure("interface " + name + " is not loaded" +
                                  (loaded.empty() ? "" : " (loaded: " + loaded + ")"));
            error.exit = Exit::not_loaded;
            return fail(std::move(error).with_hint("sudo ebpf-load --xdp " + name +
                                                   pin_root_option(request.pin_root)));
        }
        bits |= named;
    }
    return bits;
}

Error nothing_for(const std::string &pin_root, uint32_t streams) {
    return not_loaded(pin_root, streams & (1U << STREAM_ICMP | 1U << STREAM_PORTS) ? "--xdp IFACE"
                                : streams & (socket_streams | 1U << STREAM_USAGE)  ? "--sockets"
                                                                                  : "--cgroup DIR");
}

Result<uint32_t> loaded_streams(const HookTable &hooks, const Request &request) {
    uint32_t loaded = 0;
    for (const hook_record &hook : hooks) {
        loaded |= hook.kind == HOOK_XDP ? 1U << STREAM_ICMP | 1U << STREAM_PORTS : 0;
        loaded |= hook.kind == HOOK_SOCKETS ? socket_streams | 1U << STREAM_USAGE : 0;
    }
    if (access((request.pin_root + "/" + cgroups_map.path).c_str(), F_OK) == 0)
        loaded |= 1U << STREAM_DENY;
    const uint32_t missing = request.streams & ~loaded;
    const uint32_t there = request.streams & loaded;
    if (there && (request.all || !missing))
        return there;
    return fail(nothing_for(request.pin_root, missing));
}

} // namespace pinpipe::reader
