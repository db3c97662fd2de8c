// SPDX-License-Identifier: MIT
// Replacing all rules in the kernel's maps in one step, in the order that bpf/abi/rules.h
// prescribes: the other bank of subjects is written, then made the one that holds.
#pragma once

#include "tools/ctl/pinned_rules.h"

namespace pinpipe::ctl {

// Subjects that stay keep their number and with it their counters. When this fails, the rules are
// as they were, and what was written is removed.
Result<void> replace(RuleMaps &maps, const Policy &policy);

} // namespace pinpipe::ctl
