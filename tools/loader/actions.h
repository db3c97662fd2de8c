// SPDX-License-Identifier: MIT
// The actions of ebpf-load: one function each, in a file of that name.
#pragma once

#include "tools/loader/options.h"

namespace pinpipe::loader {

// Loads what the command asks for, beside what is loaded already. A failed load leaves everything
// as it was before.
Result<void> load(const Command &command);

// Removes the hooks that the command names, or all. With the last hook, all maps and pins go too.
Result<void> unload(const Command &command);

// Prints what this machine grants. Returns false if something that loading needs is missing.
Result<bool> check(const Command &command);

} // namespace pinpipe::loader
