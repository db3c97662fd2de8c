// SPDX-License-Identifier: MIT
// XDP programs that somebody else attached to an interface.
#pragma once

#include "lib/base/undo.h"
#include "tools/loader/interface.h"

#include <vector>

namespace pinpipe::loader {

struct Foreign {
    uint32_t id = 0;
    uint32_t flags = 0; // XDP_FLAGS_* of its mode
    std::string name;
};

// The first XDP program on the interface whose id is not in own. The caller must be in the
// interface's network namespace.
Result<std::optional<Foreign>> find_foreign(const Interface &interface,
                                            const std::vector<uint32_t> &own);

// Detaches the program. undo attaches it again, always by netlink: a link that was detached cannot
// be attached again.
Result<void> detach_foreign(const Netns &netns, const Interface &interface, const Foreign &foreign,
                            Undo &undo);

} // namespace pinpipe::loader
