// SPDX-License-Identifier: MIT
// Removing from the kernel's maps what a change of rules replaced, once the change holds.
//
// Programs may still read the port set that the last change replaced. So one such set, policy.old,
// stays until the next change.
#pragma once

#include "tools/ctl/pinned_rules.h"

#include <functional>
#include <optional>

namespace pinpipe::ctl {

// What a change replaced: its elements are removed once the change holds.
struct Leftovers {
    uint32_t set = 0;                          // the port set that it replaced; 0: none
    std::optional<uint32_t> removed;           // the number of a subject that is gone
    bool scoped = false;                       // that subject was limited to a cgroup
    bool listed = false;                       // that port set had lists of remote ends
    std::function<bool(const hit_key &)> hits; // picks counters of ports that are gone
};

// Removes what these changes replaced. Errors are ignored: collect() finds what stays.
void remove_leftovers(RuleMaps &maps, const std::vector<Leftovers> &left);

// Removes the port set that the change before this one replaced. No program reads it any more.
void remove_replaced_set(RuleMaps &maps);

} // namespace pinpipe::ctl
