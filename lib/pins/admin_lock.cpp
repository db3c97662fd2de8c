// SPDX-License-Identifier: MIT
#include "lib/pins/admin_lock.h"

#include "lib/base/signals.h"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe {
namespace {

// Makes a new directory, locks it and moves it to path in place of the old lock. Without a valid
// file descriptor: another process of root was making one too.
Result<Fd> put_new_lock(const std::string &path) {
    const std::string fresh = path + "_new";
    struct stat admin {};
    rmdir(fresh.c_str()); // left by a process that was killed
    if (stat(path.substr(0, path.rfind('/')).c_str(), &admin) != 0)
        return fail(system_error("inspect " + path, errno));
    if (mkdir(fresh.c_str(), 0700) != 0)
        return fail(system_error("make " + fresh, errno));
    auto lock = try_lock_directory(fresh);
    if (!lock || !lock->valid())
        return lock;
    if (chown(fresh.c_str(), 0, admin.st_gid) != 0 || chmod(fresh.c_str(), 0750) != 0)
        return fail(system_error("set owner and mode of " + fresh, errno));
    if (rename(fresh.c_str(), path.c_str()) != 0)
        return fail(system_error("move " + fresh + " to " + path, errno));
    return lock;
}

// Makes the lock if it is missing: an older ebpf-load has not made one.
Result<Fd> try_lock(const std::string &path) {
    auto lock = try_lock_directory(path);
    if (!lock && lock.error().code == ENOENT && geteuid() == 0)
        return put_new_lock(path);
    return lock;
}

} // namespace

Result<AdminLock> AdminLock::take(const Pins &pins, const LockWait &wait, const std::string &what,
                                  RootLock root_lock) {
    const bool root = geteuid() == 0;
    AdminLock lock;
    lock.path_ = pins.path(admin_lock_path);
    if (root && root_lock == RootLock::take) {
        auto held = lock_directory(pins.path(root_lock_name), wait, pins.root());
        if (!held && held.error().code != ENOENT)
            return fail(held.error());
        if (held)
            lock.root_ = std::move(*held);
    }
    LockWaiting waiting(wait, "the " + what);
    for (;;) {
        auto held = try_lock(lock.path_);
        if (!held)
            return fail(held.error());
        if (!held->valid() && !waiting.pause(lock.path_)) {
            if (!root || !wait.take_over || stop_requested())
                return fail(waiting.given_up(lock.path_));
            if (wait.say)
                wait.say(waiting.given_up(lock.path_).text + ": root goes on without it");
            held = put_new_lock(lock.path_);
            if (!held)
                return fail(held.error());
        }
        if (!held->valid())
            continue;
        lock.admin_ = std::move(*held);
        return lock;
    }
}

Result<void> AdminLock::confirm() const {
    if (is_lock_of(admin_, path_))
        return {};
    return fail(failure("this change took too long: a process of root has taken over the lock"));
}

} // namespace pinpipe
