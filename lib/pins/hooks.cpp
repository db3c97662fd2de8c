// SPDX-License-Identifier: MIT
#include "lib/pins/hooks.h"

namespace pinpipe {

Result<HookTable> read_hooks(const Fd &map, const std::string &path) {
    HookTable hooks{};
    for (__u32 number = 0; number < MAX_HOOKS; number++) {
        if (auto read = read_element(map, number, hooks[number], path); !read)
            return fail(read.error());
        hooks[number].name[sizeof hooks[number].name - 1] = '\0';
    }
    return hooks;
}

uint64_t hooks_named(const HookTable &hooks, const std::string &name) {
    uint64_t bits = 0;
    for (unsigned number = 0; number < MAX_HOOKS; number++)
        if (hooks[number].kind == HOOK_XDP && name == hooks[number].name)
            bits |= uint64_t{1} << number;
    return bits;
}

std::string hook_names(const HookTable &hooks) {
    std::string names;
    uint64_t told = 0;
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        if (hooks[number].kind != HOOK_XDP || told >> number & 1)
            continue;
        told |= hooks_named(hooks, hooks[number].name);
        names += (names.empty() ? "" : ", ") + std::string(hooks[number].name);
    }
    return names;
}

} // namespace pinpipe
