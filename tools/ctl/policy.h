// SPDX-License-Identifier: MIT
// All rules as a value: those of a policy file, or those of the pinned maps.
#pragma once

#include "lib/rules/named_process.h"
#include "tools/ctl/cgroup_paths.h"
#include "tools/ctl/port_set.h"

#include <vector>

namespace pinpipe::ctl {

struct Subject {
    Process process; // its key has the user too
    Cgroup cgroup;
    bool audit = false;    // what is not allowed is reported, not denied
    bool children = false; // rules hold for descendants too
    bool none = false;     // it is ruled, also without ports
    bool icmp = false;
    PortSet ports;

    uint32_t flags() const; // SUBJECT_*
};

struct Policy {
    bool audit = false; // audit of all: nothing is denied
    std::vector<Subject> subjects;
};

// Whether both name the same thing, whatever their scopes, users and banks.
bool same_process(const subject_key &a, const subject_key &b);

// Sorts subjects: names, then paths, then process numbers, by their bytes, then any; then by
// cgroup and user. Subjects of the same text and limits become one: paths of a file that was
// replaced.
// Process numbers do not, since the same number may mean another process.
void put_in_order(Policy &policy);

} // namespace pinpipe::ctl
