// SPDX-License-Identifier: MIT
// Control groups: finding the one that an argument names, and the record of those that have the
// rules' programs.
#pragma once

#include "lib/pins/pins.h"

#include <string>
#include <utility>
#include <vector>

namespace pinpipe::loader {

struct Cgroup {
    uint64_t id = 0;
    std::string path; // empty: the cgroup no longer exists
};

// text: a directory of cgroup2, or the id of a cgroup, which may no longer exist.
Result<Cgroup> find_cgroup(const std::string &text);

// The cgroup's present path; empty if it no longer exists.
std::string path_of_cgroup(uint64_t id);

bool is_below(const std::string &path, const std::string &above);

// Read and write an element of maps/cgroups. The path that is read always ends with a NUL.
Result<cgroup_record> cgroup_at(const Fd &map, unsigned number);
Result<void> set_cgroup(const Fd &map, unsigned number, const cgroup_record &record);

// The cgroups with attached programs: their numbers and records. None if the map is not pinned.
Result<std::vector<std::pair<unsigned, cgroup_record>>> attached_cgroups(const Pins &pins);

// Writes the covered map at path. Bit N of cgroups: the programs of cgroup number N do nothing,
// since those of a cgroup above it judge.
Result<void> set_covered(const std::string &path, const covered_record &record);

} // namespace pinpipe::loader
