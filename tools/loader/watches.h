// SPDX-License-Identifier: MIT
// What loading does with watched ports.
#pragma once

#include "lib/rules/watch_list.h"
#include "tools/loader/layout.h"

namespace pinpipe::loader {

// Deletes the packet counts of the hook that had this number before.
Result<void> forget_counts(const Layout &layout, unsigned hook);

// Drops all port claims: without the socket probes, nothing notices the processes of a port.
Result<void> forget_claims(const Layout &layout);

// An argument of --watch: "5050/tcp:custom_server".
struct WatchRequest {
    PortRule ports{};
    std::string process; // empty: any process, or none
};
Result<WatchRequest> parse_watch(const std::string &text);

// Looks the processes up, so that an error comes before anything is changed.
Result<std::vector<Watch>> find_watches(const std::vector<WatchRequest> &requests);

// Adds the watches to a layout in its final place; the caller holds the lock of the pin root.
// Returns a text to report for each watch.
Result<std::vector<std::string>> add_watches(const Pins &pins, const std::vector<Watch> &watches,
                                             const LockWait &wait);

} // namespace pinpipe::loader
