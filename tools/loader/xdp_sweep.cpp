// SPDX-License-Identifier: MIT
// Removing what is left of hooks that are no longer attached.
#include "tools/loader/xdp_hooks.h"

#include "lib/pins/links.h"

#include <cerrno>
#include <cstdio>
#include <unistd.h>

namespace pinpipe::loader {

// A hook whose interface no longer exists keeps its pin, but the link has no target. A record
// without a pin was left by a load that was killed.
Result<void> sweep_hooks(const Pins &pins, Layout &layout) {
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = layout.hook(number);
        if (!record)
            return fail(record.error());
        const std::string path = pins.link(number);
        const auto link = open_link(path);
        if (!link && link.error().code != ENOENT) // the link may well be attached
            return fail(link.error());
        const auto state = link ? inspect_link(*link) : fail(Error{});
        if (link && !state)
            return fail(state.error());
        if (link && record->kind != HOOK_NONE && state && state->attached)
            continue;
        if (link && record->kind == HOOK_XDP)
            std::fprintf(stderr,
                         "ebpf-load: %s: the interface no longer exists, or its program was "
                         "detached: %s removed\n",
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

} // namespace pinpipe::loader
