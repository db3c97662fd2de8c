// SPDX-License-Identifier: MIT
// The place of control groups in the file system.
#pragma once

#include <string>
#include <vector>

namespace pinpipe {

// The mount point of the unified hierarchy (cgroup2); empty: there is none.
std::string cgroup_mount();

// A mount of the unified hierarchy, or of a part of it.
struct CgroupMount {
    std::string root;      // the cgroup that it shows, by its path in the hierarchy: "/"
    std::string directory; // where it is mounted
};

// Mounts of this process. Empty in a cgroup namespace other than the first one: there the kernel
// shows only a part of each path.
std::vector<CgroupMount> cgroup_mounts();

} // namespace pinpipe
