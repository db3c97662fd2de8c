// SPDX-License-Identifier: MIT
// The place of control groups in the file system.
#pragma once

#include <string>

namespace pinpipe {

// The mount point of the unified hierarchy (cgroup2); empty: there is none.
std::string cgroup_mount();

} // namespace pinpipe
