// SPDX-License-Identifier: MIT
// Changing some rules in the kernel's maps, in the order that bpf/abi/rules.h prescribes.
//
// A change that fails leaves the rules as they were, and removes what it wrote. What a killed
// change began, the next one finishes: see mend() in rule_steps.h.
#pragma once

#include "tools/ctl/pinned_rules.h"

#include <optional>

namespace pinpipe::ctl {

// What a subject is to be. Without after it is removed.
struct Change {
    subject_key key; // its bank is ignored; so is its scope, if there is a cgroup
    struct After {
        PortSet ports;
        uint32_t flags; // SUBJECT_*
    };
    std::optional<After> after;
    std::string text = {};   // of a new subject, as the administrator wrote it
    std::string cgroup = {}; // path; empty: the scope in key counts
};

// Changes all of these subjects or none. Programs and readers see each subject either as it was or
// as it is to be. Ports of other subjects are not read: the cost does not grow with the number of
// rules.
Result<void> change(RuleMaps &maps, const std::vector<Change> &changes);

// Turns audit of all subjects on or off: whether what rules forbid is denied, or only reported.
Result<void> set_audit(RuleMaps &maps, bool audit);

} // namespace pinpipe::ctl
