// SPDX-License-Identifier: MIT
#include "lib/system/cgroup.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <mntent.h>
#include <sstream>
#include <sys/stat.h>

namespace pinpipe {
namespace {

constexpr ino_t first_namespace = 0xEFFFFFFB; // PROC_CGROUP_INIT_INO of the kernel

bool is_in_first_namespace() {
    struct stat st {};
    return stat("/proc/self/ns/cgroup", &st) != 0 || st.st_ino == first_namespace;
}

// Blanks, tabs, newlines and backslashes stand as \NNN (octal) in mountinfo.
std::string unescape(const std::string &field) {
    std::string text;
    for (size_t at = 0; at < field.size(); at++)
        if (field[at] == '\\' && at + 3 < field.size()) {
            text += static_cast<char>(std::stoi(field.substr(at + 1, 3), nullptr, 8));
            at += 3;
        } else {
            text += field[at];
        }
    return text;
}

} // namespace

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

std::vector<CgroupMount> cgroup_mounts() {
    std::vector<CgroupMount> found;
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; is_in_first_namespace() && std::getline(mounts, line);) {
        const size_t end = line.find(" - ");
        if (end == line.npos || line.compare(end, 11, " - cgroup2 ") != 0)
            continue;
        std::istringstream fields(line);
        std::string ignored, root, directory;
        if (fields >> ignored >> ignored >> ignored >> root >> directory)
            found.push_back({unescape(root), unescape(directory)});
    }
    return found;
}

} // namespace pinpipe
