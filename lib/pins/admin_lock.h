// SPDX-License-Identifier: MIT
// The lock for changes of rules and watches: one process at a time, root before the admin group.
//
// The admin group's lock is admin/lock, which its members can open. A member that does not release
// it stops other members, but not root: root waits, reports who holds the lock, and then puts a new
// lock in its place. Processes of root exclude each other by the lock of the pin root, which only
// root can open.
#pragma once

#include "lib/pins/pins.h"
#include "lib/system/directory_lock.h"

namespace pinpipe {

enum class RootLock { take, held }; // held: the caller, a loader, holds it

class AdminLock {
public:
    // Waits for the lock. what: of the message while waiting, "rules".
    static Result<AdminLock> take(const Pins &pins, const LockWait &wait, const std::string &what,
                                  RootLock root_lock);

    // Fails once root has put another lock in place of this one: then nothing more may be written.
    Result<void> confirm() const;

private:
    Fd root_, admin_;
    std::string path_;
};

} // namespace pinpipe
