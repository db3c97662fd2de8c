// SPDX-License-Identifier: MIT
// Maps that members of a group may write, and that one of them froze (BPF_MAP_FREEZE): user space
// can no longer change them. A load replaces each by a copy, and must then also replace the
// programs that use it.
#pragma once

#include "lib/base/undo.h"
#include "lib/pins/admin_lock.h"

namespace pinpipe::loader {

// Replaces the frozen maps of rules and watches at both their pins and reports each on stderr.
// Takes the admin lock meanwhile, so that nobody changes the maps; the caller holds the lock of the
// pin root. What programs count in a frozen map until they are replaced is lost. undo pins the old
// maps again.
Result<void> mend_frozen(const Pins &pins, const LockWait &wait, Undo &undo);

// Adds the ids of these maps, pinned below root, to the hash that tells builds apart: so programs
// that use a map that was replaced count as another build.
uint64_t hash_map_ids(uint64_t state, const std::string &root,
                      std::span<const MapSpec *const> maps);

} // namespace pinpipe::loader
