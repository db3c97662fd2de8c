// SPDX-License-Identifier: MIT
// The lists of remote ends of rules, in the maps remotes and prefixes. The maps must have been
// opened to write.
#pragma once

#include "lib/base/undo.h"
#include "tools/ctl/pinned_rules.h"

#include <unordered_map>
#include <unordered_set>

namespace pinpipe::ctl {

// Numbers of lists by their texts; that of every remote end, "", is 0.
using RemoteNumbers = std::unordered_map<std::string, uint32_t>;

// Adds the numbers of a port set's lists. Those that are new are written with their prefixes.
Result<void> take_remotes(RuleMaps &maps, const PortSet &ports, RemoteNumbers &numbers, Undo &undo);

// Removes the lists that are not used. No program may be using them any more.
Result<void> drop_remotes(RuleMaps &maps, const std::unordered_set<uint32_t> &used);

} // namespace pinpipe::ctl
