// SPDX-License-Identifier: MIT
// Errors of bpf(2). EPERM has two meanings, which are told apart here: the process lacks the
// capabilities, or the kernel refuses this to everybody.
#pragma once

#include "lib/base/error.h"
#include "lib/pins/components.h"

namespace pinpipe::loader {

// The error "cannot DOING: reason". With EPERM and the capabilities, the kernel refuses (exit
// status 1); without them, a privilege is missing (77). code: errno, saved before it can change.
Error kernel_error(const std::string &doing, int code);

// The same, with a hint: the command that says what this kernel grants.
Error kernel_error_to_check(const std::string &doing, int code);

// The error for something that the command names and that is not loaded (Exit::not_loaded).
Error nothing_loaded(std::string text);

// Called by main: changes exit status 77 to 1 if this process has all privileges.
Error without_false_privilege(Error error);

} // namespace pinpipe::loader
