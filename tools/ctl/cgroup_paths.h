// SPDX-License-Identifier: MIT
// Cgroups as rules name them: paths from the root of the cgroup2 hierarchy. A cgroup of that path
// need not exist.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/error.h"
#include "lib/system/cgroup.h"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace pinpipe::ctl {

struct Cgroup {
    std::string path;  // from the root of the hierarchy: "/app"; empty: none, rules hold everywhere
    std::string shown; // the directory, as it can be given again; empty: none
    uint64_t id = 0;   // 0: not there now, or not to be seen by this process
};

// The cgroup with this path, in mounts of this process. Without one it is shown as "app".
Cgroup cgroup_at(const std::string &path, const std::vector<CgroupMount> &mounts = cgroup_mounts());

// The cgroup that an administrator means: a directory below a mount of the hierarchy, a path from
// the root of the hierarchy without its first slash, or "cgroup:ID" of one that exists.
Result<Cgroup> find_cgroup(const std::string &text);

// Whether a cgroup is this one or below it.
bool is_within(const std::string &path, const std::string &above);

// Paths of cgroups by their ids. The first call walks through the whole hierarchy.
class CgroupPaths {
public:
    std::string path(uint64_t id); // empty: there is none

private:
    std::unordered_map<uint64_t, std::string> paths_;
    bool walked_ = false;
};

} // namespace pinpipe::ctl
