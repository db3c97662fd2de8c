// SPDX-License-Identifier: MIT
// XDP programs of others that are attached where ours are to be.
#pragma once

#include "lib/base/undo.h"
#include "tools/loader/interface.h"

#include <vector>

namespace pinpipe::loader {

// A program on the interface that is none of ours.
struct Foreign {
    uint32_t id = 0;
    uint32_t flags = 0; // XDP_FLAGS_* of its mode
    std::string name;
};

// own: ids of our programs. In the namespace of the interface.
Result<std::optional<Foreign>> find_foreign(const Interface &interface,
                                            const std::vector<uint32_t> &own);

// Detaches it; undo puts it back (by netlink, also if it came by a link: a link cannot be attached
// again).
Result<void> detach_foreign(const Netns &netns, const Interface &interface, const Foreign &foreign,
                            Undo &undo);

} // namespace pinpipe::loader
