// SPDX-License-Identifier: MIT
#include "tools/loader/root_lock.h"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {

Result<Fd> try_lock_of_root(const std::string &path, bool &made) {
    for (;;) {
        made = mkdir(path.c_str(), 0700) == 0;
        if (!made && errno != EEXIST)
            return fail(system_error("make " + path, errno));
        auto lock = try_lock_directory(path);
        if (lock || lock.error().code != ENOENT) // ENOENT: its last holder removed the directory
            return lock;
    }
}

Result<std::unique_ptr<MountingLock>> MountingLock::attempt() {
    bool made = false;
    auto lock = try_lock_of_root(path, made);
    if (!lock)
        return fail(lock.error());
    if (!lock->valid())
        return std::unique_ptr<MountingLock>();
    return std::make_unique<MountingLock>(std::move(*lock));
}

MountingLock::~MountingLock() {
    rmdir(path); // a process that waits for it notices, and makes it again
}

void while_nobody_mounts(const std::function<void()> &work) {
    LockWaiting waiting(LockWait{}, MountingLock::path);
    auto lock = MountingLock::attempt();
    while (lock && !*lock && waiting.pause(MountingLock::path))
        lock = MountingLock::attempt();
    work();
}

} // namespace pinpipe::loader
