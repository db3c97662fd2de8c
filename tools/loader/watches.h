// SPDX-License-Identifier: MIT
// Watched ports, as far as loading has to do with them.
#pragma once

#include "lib/rules/watch_list.h"
#include "tools/loader/layout.h"

namespace pinpipe::loader {

// A hook number that is to be used again: nothing of what had it before is left.
Result<void> forget_counts(const Layout &layout, unsigned hook);

// The socket probes go: nobody is seen to have a port any more.
Result<void> forget_claims(const Layout &layout);

// "5050/tcp:custom_server", as --watch has it.
struct WatchRequest {
    PortRule ports{};
    std::string process; // "": whoever has them
};
Result<WatchRequest> parse_watch(const std::string &text);

// Looked up: an error before anything is touched.
Result<std::vector<Watch>> find_watches(const std::vector<WatchRequest> &requests);

// Adds them to a layout that is in its place, and whose lock we have; what is told of each.
Result<std::vector<std::string>> add_watches(const Pins &pins, const std::vector<Watch> &watches,
                                             const LockWait &wait);

} // namespace pinpipe::loader
