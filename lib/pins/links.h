// SPDX-License-Identifier: MIT
// Pinned links: they keep programs attached.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cstdint>
#include <string>

namespace pinpipe {

struct LinkState {
    uint32_t id = 0;
    uint32_t program = 0;
    uint32_t ifindex = 0; // XDP and tcx: the interface; 0: it is gone
    bool attached = false;
};

// Opens a pinned link. It needs root: these pins have mode 0600.
Result<Fd> open_link(const std::string &path);

// Detaches the program at once, even if other processes hold the link. A path that is no link is
// ignored.
void detach_link(const std::string &path);

// Fails for a link type that pinpipe does not use.
Result<LinkState> inspect_link(const Fd &link);

} // namespace pinpipe
