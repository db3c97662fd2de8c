// SPDX-License-Identifier: MIT
// The locks of those who load and unload: directories that root alone can open.
#pragma once

#include "lib/system/directory_lock.h"

#include <functional>
#include <memory>

namespace pinpipe::loader {

// Makes the directory if need be, and tries its lock. made: whether it was missing.
Result<Fd> try_lock_of_root(const std::string &path, bool &made);

// Held while a pin root is made or taken away, for all pin roots: a BPF file system that is not
// mounted yet has no lock in it. The lock's directory is there only while somebody uses it.
class MountingLock {
public:
    static constexpr const char *path = "/run/ebpf-load.lock";

    // Null: somebody else has it.
    static Result<std::unique_ptr<MountingLock>> attempt();

    explicit MountingLock(Fd lock) : lock_(std::move(lock)) {}
    MountingLock(const MountingLock &) = delete;
    MountingLock &operator=(const MountingLock &) = delete;
    ~MountingLock();

private:
    Fd lock_;
};

// Does the work when nobody else mounts: in any case, since what was made must be taken away.
void while_nobody_mounts(const std::function<void()> &work);

} // namespace pinpipe::loader
