// SPDX-License-Identifier: MIT
// Changing the rules in the kernel's maps, by the order that bpf/rules.h prescribes.
//
// Whatever fails, what held before holds; what was written for nothing is taken back. What a killed
// one left behind harms nobody and is collected by replace(), or by change() when it is in the way.
#pragma once

#include "tools/ctl/pinned_rules.h"

#include <optional>

namespace pinpipe::ctl {

// What a subject is to be; no after: removed.
struct Change {
    subject_key key; // whatever bank
    struct After {
        PortSet ports;
        uint32_t flags; // SUBJECT_AUDIT, SUBJECT_CHILDREN
    };
    std::optional<After> after;
    std::string text; // of one that is not there yet
};

// Some subjects, all or none of them; others see each whole. Ports of others are not looked at: the
// cost does not grow with the number of rules.
Result<void> change(RuleMaps &maps, const std::vector<Change> &changes);

// Whether anybody is denied anything.
Result<void> set_audit(RuleMaps &maps, bool audit);

// Everything, in one step. Subjects that stay keep their counters.
Result<void> replace(RuleMaps &maps, const Policy &policy);

} // namespace pinpipe::ctl
