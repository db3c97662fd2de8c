// SPDX-License-Identifier: MIT
// Pinned links: what holds a program in its place.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cstdint>
#include <string>

namespace pinpipe {

struct LinkState {
    uint32_t id = 0;
    uint32_t program = 0;
    uint32_t ifindex = 0; // XDP: of the interface; 0: it is gone
    bool attached = false;
};

// Opening a link's pin needs root: pins of links are 0600.
Result<Fd> open_link(const std::string &path);

// Takes the program away at once, for whoever holds the link; a pin that is none is left alone.
void detach_link(const std::string &path);

// Fails for links of a kind that is none of ours.
Result<LinkState> inspect_link(const Fd &link);

} // namespace pinpipe
