// SPDX-License-Identifier: MIT
// What ebpf-load does: one function an action, each in a file of its name.
#pragma once

#include "tools/loader/options.h"

namespace pinpipe::loader {

// Loads what is asked for beside what is loaded. On failure all is as it was before.
Result<void> load(const Command &command);

// Takes the given hooks away, or all; with the last hook all goes.
Result<void> unload(const Command &command);

// Prints what this machine grants. false: something that loading needs is missing.
Result<bool> check(const Command &command);

} // namespace pinpipe::loader
