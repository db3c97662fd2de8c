// SPDX-License-Identifier: MIT
#include "tools/ctl/cgroup_paths.h"

#include "lib/base/options.h"
#include "lib/system/cgroup.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace pinpipe::ctl {
namespace {

constexpr const char *cgroup_prefix = "cgroup:";

// How many levels a directory is below the root of the hierarchy.
unsigned depth_of(std::string directory, dev_t device) {
    struct stat st {};
    unsigned depth = 0;
    while (stat((directory += "/..").c_str(), &st) == 0 && st.st_dev == device)
        depth++;
    return depth;
}

// Kernel programs compare the first LABEL_SCOPES levels below the root.
Result<void> check_depth(const std::string &directory, dev_t device) {
    const unsigned depth = depth_of(directory, device);
    if (depth == 0)
        return fail(
            failure(directory + " is the root cgroup, which has all processes: leave it out"));
    if (depth > LABEL_SCOPES)
        return fail(failure(directory + " is " + std::to_string(depth) +
                            " levels below the root: a rule can be about " +
                            std::to_string(LABEL_SCOPES) + " at most"));
    return {};
}

} // namespace

Result<uint64_t> find_cgroup(const std::string &directory) {
    if (directory.rfind(cgroup_prefix, 0) == 0) {
        const auto id =
            parse_number("cgroup:ID", directory.substr(std::strlen(cgroup_prefix)), 1, ULONG_MAX);
        return id ? Result<uint64_t>(*id) : fail(id.error());
    }
    struct stat st {};
    struct statfs fs {};
    if (stat(directory.c_str(), &st) != 0 || statfs(directory.c_str(), &fs) != 0)
        return fail(system_error("find cgroup " + directory, errno));
    if (fs.f_type != CGROUP2_SUPER_MAGIC || !S_ISDIR(st.st_mode)) {
        const std::string mount = cgroup_mount();
        return fail(failure(directory + " is no cgroup: no directory of the cgroup2 hierarchy" +
                            (mount.empty() ? "" : " at " + mount)));
    }
    if (auto reached = check_depth(directory, st.st_dev); !reached)
        return fail(reached.error());
    return st.st_ino;
}

std::string CgroupPaths::path(uint64_t id) {
    if (!id)
        return "";
    if (!walked_) {
        walked_ = true;
        const std::string root = cgroup_mount();
        struct stat st {};
        if (!root.empty() && stat(root.c_str(), &st) == 0)
            paths_[st.st_ino] = root;
        constexpr auto options = std::filesystem::directory_options::skip_permission_denied;
        std::error_code bad; // a directory that vanishes ends the walk: the rest has no path
        std::filesystem::recursive_directory_iterator at(root, options, bad), end;
        for (; !root.empty() && !bad && at != end; at.increment(bad))
            if (at->is_directory(bad) && stat(at->path().c_str(), &st) == 0)
                paths_[st.st_ino] = at->path();
    }
    const auto found = paths_.find(id);
    return found == paths_.end() ? cgroup_prefix + std::to_string(id) : found->second;
}

} // namespace pinpipe::ctl
