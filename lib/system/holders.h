// SPDX-License-Identifier: MIT
// Finds the holder of a flock(2) in /proc/locks, which a normal user may read too.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace pinpipe {

struct Holder {
    pid_t pid;
    std::string comm; // empty if the process cannot be looked up
};

// The holder of the lock on the file at path; empty: it is free, or held in another pid namespace.
std::optional<Holder> lock_holder(const std::string &path);

} // namespace pinpipe
