// SPDX-License-Identifier: MIT
// ebpf-ctl watches: which ports are watched, and whether they are counted now.
#pragma once

#include "lib/rules/watch_list.h"

namespace pinpipe::ctl {

struct WatchStatus {
    unsigned proto;
    PortRange range;
    std::optional<Process> process; // none: for all processes
    bool current = true;            // the file or process is still the one that was meant
    bool counting = false;          // on at least one interface
};

// In order of ports; neighbouring ports in the same state are one range. hooks: a bit for each hook
// that is loaded.
std::vector<WatchStatus> watches_of(const std::vector<uint64_t> &words,
                                    std::vector<WatchList::Waiting> waiting, uint64_t hooks);

std::string watches_text(const std::vector<WatchStatus> &watches);
std::string watches_json(const std::vector<WatchStatus> &watches); // one line, with its newline

} // namespace pinpipe::ctl
