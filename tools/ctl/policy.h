// SPDX-License-Identifier: MIT
// All rules as a value: what a policy file says, and what is in the kernel's maps.
#pragma once

#include "lib/rules/process.h"
#include "tools/ctl/cgroup_paths.h"
#include "tools/ctl/port_set.h"

#include <vector>

namespace pinpipe::ctl {

struct Subject {
    Process process;
    std::string cgroup;    // its directory; "": all
    bool audit = false;    // told, not denied
    bool children = false; // holds for descendants too
    PortSet ports;
};

struct Policy {
    bool audit = false; // nobody is denied anything
    std::vector<Subject> subjects;
};

bool same_key(const subject_key &a, const subject_key &b); // whatever the banks

// Names, then paths, then numbers, by their bytes; then by cgroup. Subjects of the same text and
// cgroup become one, a file whose path has come to mean another one; but not processes, whose
// numbers come to mean somebody else.
void put_in_order(Policy &policy);

} // namespace pinpipe::ctl
