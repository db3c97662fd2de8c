// SPDX-License-Identifier: MIT
// Maps that a group may write and somebody of it froze (BPF_MAP_FREEZE): nobody can change them
// from user space any more. A load puts a copy in the place of each; the programs that use it must
// be exchanged with it.
#pragma once

#include "lib/base/undo.h"
#include "lib/pins/admin_lock.h"

namespace pinpipe::loader {

// Replaces the frozen ones among the maps of rules and watches, at both their pins, while nobody
// changes them, and tells of each on stderr. The lock of the pin root must be ours. What programs
// count in a frozen map until they are exchanged is lost. undo puts the old ones back.
Result<void> mend_frozen(const Pins &pins, const LockWait &wait, Undo &undo);

// Adds the ids of these maps below root to a hash that tells builds apart: programs that use a map
// that was replaced are not of this build.
uint64_t hash_map_ids(uint64_t state, const std::string &root,
                      std::span<const MapSpec *const> maps);

} // namespace pinpipe::loader
