// SPDX-License-Identifier: MIT
// Errors of bpf(2): what the kernel refuses to a process that may load is told apart from what a
// process without the capabilities may not do.
#pragma once

#include "lib/base/error.h"
#include "lib/pins/components.h"

namespace pinpipe::loader {

// "cannot DOING: reason". EPERM of a process with the capabilities is a refusal of the kernel's
// (exit status 1), without them a missing privilege (77). Take code before errno can change.
Error kernel_error(const std::string &doing, int code);

// The same, with the command that says what this kernel grants.
Error kernel_error_to_check(const std::string &doing, int code);

// Something that a command names is not loaded (Exit::not_loaded).
Error nothing_loaded(std::string text);

// For main: exit status 77 is for missing privileges alone.
Error without_false_privilege(Error error);

} // namespace pinpipe::loader
