// SPDX-License-Identifier: MIT
// Who holds a flock(2), from /proc/locks: a normal user may see that too.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace pinpipe {

struct Holder {
    pid_t pid;
    std::string comm; // empty if the process cannot be looked up
};

// Holder of the lock on the file at path; nothing if it is free, or held in another pid namespace.
std::optional<Holder> lock_holder(const std::string &path);

} // namespace pinpipe
