// SPDX-License-Identifier: MIT
// Control groups: which are meant, where they are, which of them have the rules' programs.
#pragma once

#include "lib/pins/pins.h"

#include <string>
#include <utility>
#include <vector>

namespace pinpipe::loader {

struct Cgroup {
    uint64_t id = 0;
    std::string path; // empty: it is gone
};

// A directory of cgroup2, or the id of one that may be gone.
Result<Cgroup> find_cgroup(const std::string &text);

// Where the cgroup is now; empty: it is gone.
std::string path_of_cgroup(uint64_t id);

bool is_below(const std::string &path, const std::string &above);

// An element of maps/cgroups; its path ends with a NUL.
Result<cgroup_record> cgroup_at(const Fd &map, unsigned number);
Result<void> set_cgroup(const Fd &map, unsigned number, const cgroup_record &record);

// Records of the cgroups that are attached, by their numbers; nothing pinned: none.
Result<std::vector<std::pair<unsigned, cgroup_record>>> attached_cgroups(const Pins &pins);

// Says in the covered map at path which cgroups have nothing to do: bit N is cgroup N's.
Result<void> set_covered(const std::string &path, uint64_t cgroups);

} // namespace pinpipe::loader
