// SPDX-License-Identifier: MIT
// The table of hooks: what is attached where.
#pragma once

#include "lib/pins/pins.h"

#include <array>

namespace pinpipe {

using HookTable = std::array<hook_record, MAX_HOOKS>;

// Reads an open hooks map. name is always NUL-terminated in the result.
Result<HookTable> read_hooks(const Fd &map, const std::string &path);

// Bits of the XDP hooks whose interface has this name, in any network namespace.
uint64_t hooks_named(const HookTable &hooks, const std::string &name);

// "eth0, wlan0": each name of an XDP hook once, in the order of their numbers; empty: none.
std::string hook_names(const HookTable &hooks);

} // namespace pinpipe
