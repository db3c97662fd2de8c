// SPDX-License-Identifier: MIT
// The directory of all pins: a bpffs, mounted if need be, and locked while this object exists.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"
#include "lib/base/undo.h"
#include "lib/system/directory_lock.h"

#include <string>

namespace pinpipe::loader {

class PinRoot {
public:
    // Makes the directory and mounts a bpffs if missing, then waits for the lock: one loader at a
    // time. undo removes what this call made.
    static Result<PinRoot> prepare(const std::string &path, const LockWait &wait, Undo &undo);

    // Waits for the lock of an existing pin root. Exit::not_loaded if there is no bpffs at path.
    static Result<PinRoot> open(const std::string &path, const LockWait &wait, Undo &undo);

    // A warning to print once a load has succeeded, that the mount may not last; or empty.
    const std::string &doubt() const { return doubt_; }

private:
    struct Made {
        bool directory = false, mount = false, lock = false;
    };
    static void take_back(const std::string &path, const Made &made);
    static Result<PinRoot> acquire(const std::string &path, const LockWait &wait, Undo &undo,
                                   Result<bool> (PinRoot::*attempt)(const std::string &, Made &));
    // These return false if another process holds the lock.
    Result<bool> try_prepare(const std::string &path, Made &made);
    Result<bool> try_open(const std::string &path, Made &made);
    Result<bool> try_lock(const std::string &path, Made &made);

    Fd lock_;
    std::string doubt_;
};

// Unmounts path if a loader mounted it, and removes the directory if a loader made it. The mount's
// source, as in /proc/self/mountinfo, tells: so this works after a loader was killed, too.
void remove_root(const std::string &path);

// Whether path is on a bpffs.
bool on_bpffs(const std::string &path);

} // namespace pinpipe::loader
