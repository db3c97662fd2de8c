// SPDX-License-Identifier: MIT
// Who changes rules and watches: one at a time, root before the admin group.
//
// The admin group's lock is admin/lock, which its members can open. A member that does not let go
// of it stops other members, but not root: root waits, then says for whom, and puts a new lock in
// its place. Among themselves those who are root go by the pin root's own lock, which root alone
// can open.
#pragma once

#include "lib/pins/pins.h"
#include "lib/system/directory_lock.h"

namespace pinpipe {

enum class RootLock { take, held }; // held: by the caller, who loads

class AdminLock {
public:
    // what: "rules"
    static Result<AdminLock> take(const Pins &pins, const LockWait &wait, const std::string &what,
                                  RootLock root_lock);

    // Fails once root has put another lock in the place of ours: nothing more is to be written.
    Result<void> confirm() const;

private:
    Fd root_, admin_;
    std::string path_;
};

} // namespace pinpipe
