// SPDX-License-Identifier: MIT
// Cgroups as rules name them: directories, and ids in the kernel.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/error.h"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace pinpipe::ctl {

// The id of the cgroup with this directory. "cgroup:ID" is taken as well.
Result<uint64_t> find_cgroup(const std::string &directory);

// Directories of cgroups by their ids. The first call walks through the whole hierarchy.
class CgroupPaths {
public:
    // "cgroup:ID" for a cgroup that is gone; "" for 0.
    std::string path(uint64_t id);

private:
    std::unordered_map<uint64_t, std::string> paths_;
    bool walked_ = false;
};

} // namespace pinpipe::ctl
