// SPDX-License-Identifier: MIT
// Cgroups as rules name them.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/error.h"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace pinpipe::ctl {

// Id of the cgroup whose directory this is. "cgroup:ID" is one as well.
Result<uint64_t> find_cgroup(const std::string &directory);

// From ids of cgroups to their directories, by a walk through the whole tree when first asked.
class CgroupPaths {
public:
    // "cgroup:ID" for one that is gone; "" for 0.
    std::string path(uint64_t id);

private:
    std::unordered_map<uint64_t, std::string> paths_;
    bool walked_ = false;
};

} // namespace pinpipe::ctl
