// SPDX-License-Identifier: MIT
// The cgroups that rules are limited to, in the maps scopes and scope_ids. The maps must have been
// opened to write.
#pragma once

#include "lib/base/undo.h"
#include "tools/ctl/pinned_rules.h"

#include <unordered_set>

namespace pinpipe::ctl {

// The number of a cgroup's path, which is written if it is new, together with the id of the cgroup
// if that exists; 0 for an empty path.
Result<uint64_t> take_scope(RuleMaps &maps, const std::string &path, Undo &undo);

// Writes the ids of those cgroups that exist: the kernel may not tell of new ones.
Result<void> bind_scopes(RuleMaps &maps);

// Removes the cgroups that are not used, and their ids.
Result<void> drop_scopes(RuleMaps &maps, const std::unordered_set<uint64_t> &used);

} // namespace pinpipe::ctl
