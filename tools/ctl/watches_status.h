// SPDX-License-Identifier: MIT
// ebpf-ctl watches: which ports are watched, and whether they are counted now.
#pragma once

#include "lib/rules/watch_list.h"

namespace pinpipe::ctl {

struct WatchStatus {
    unsigned proto;
    PortRange range;
    std::optional<Process> process; // none: whoever has them
    bool current = true;            // the file, the process is still the one that was meant
    bool counting = false;          // on some interface
};

// Ports next to each other of which all the same is true are one; in the order of the ports. hooks:
// bits of those that there are.
std::vector<WatchStatus> watches_of(const std::vector<uint64_t> &words,
                                    std::vector<WatchList::Waiting> waiting, uint64_t hooks);

std::string watches_text(const std::vector<WatchStatus> &watches);
std::string watches_json(const std::vector<WatchStatus> &watches); // one line, with its newline

} // namespace pinpipe::ctl
