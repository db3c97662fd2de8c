// SPDX-License-Identifier: MIT
// The map sieve, which spares kernel programs the look for subjects of most processes
// (bpf/abi/rules.h). The maps must have been opened to write.
#pragma once

#include "tools/ctl/pinned_rules.h"

namespace pinpipe::ctl {

// Lets subjects through the sieve; to be called before they are written.
Result<void> add_to_sieve(RuleMaps &maps, const Elements<subject_key, subject_record> &subjects);

// Lets these subjects through and no others. Those of the holding bank must be among them.
void set_sieve(RuleMaps &maps, const Elements<subject_key, subject_record> &subjects);

} // namespace pinpipe::ctl
