// SPDX-License-Identifier: MIT
// Locks that loads and unloads hold: on directories that only root can open.
#pragma once

#include "lib/system/directory_lock.h"

#include <functional>
#include <memory>

namespace pinpipe::loader {

// Makes the directory if need be and tries to lock it. An invalid Fd: another process holds the
// lock. made: whether the directory was missing.
Result<Fd> try_lock_of_root(const std::string &path, bool &made);

// Held while any pin root is made or removed: a BPF file system that is not mounted yet has no lock
// of its own. The lock's directory exists only while somebody uses it.
class MountingLock {
public:
    static constexpr const char *path = "/run/ebpf-load.lock";

    // Null if another process holds the lock.
    static Result<std::unique_ptr<MountingLock>> attempt();

    explicit MountingLock(Fd lock) : lock_(std::move(lock)) {}
    MountingLock(const MountingLock &) = delete;
    MountingLock &operator=(const MountingLock &) = delete;
    ~MountingLock();

private:
    Fd lock_;
};

// Waits for the mounting lock and does the work; without the lock if the wait ends in vain, since
// the work removes what must not stay.
void while_nobody_mounts(const std::function<void()> &work);

} // namespace pinpipe::loader
