// SPDX-License-Identifier: MIT
#include "lib/system/cgroup.h"

#include <cstdio>
#include <cstring>
#include <mntent.h>

namespace pinpipe {

std::string cgroup_mount() {
    FILE *const mounts = setmntent("/proc/self/mounts", "re");
    std::string at;
    for (const mntent *entry; mounts && at.empty() && (entry = getmntent(mounts));)
        if (std::strcmp(entry->mnt_type, "cgroup2") == 0)
            at = entry->mnt_dir;
    if (mounts)
        endmntent(mounts);
    return at;
}

} // namespace pinpipe
