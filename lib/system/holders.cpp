// SPDX-License-Identifier: MIT
#include "lib/system/holders.h"

#include <cstdio>
#include <fstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace pinpipe {

std::optional<Holder> lock_holder(const std::string &path) {
    struct stat st {};
    if (stat(path.c_str(), &st) != 0)
        return {};
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        int pid = 0;
        unsigned major_number = 0, minor_number = 0;
        unsigned long inode = 0;
        // "1: FLOCK ADVISORY WRITE 4242 00:2d:17 0 EOF"; a waiting process has "->" after "1:"
        if (std::sscanf(line.c_str(), "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major_number,
                        &minor_number, &inode) != 4)
            continue;
        if (pid <= 0 || inode != st.st_ino || makedev(major_number, minor_number) != st.st_dev)
            continue;
        std::string comm;
        std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), comm);
        return Holder{pid, comm};
    }
    return {};
}

} // namespace pinpipe
