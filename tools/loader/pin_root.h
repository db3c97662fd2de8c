// SPDX-License-Identifier: MIT
// The directory of all pins: a bpffs, mounted if need be, locked while this object lives.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"
#include "lib/base/undo.h"
#include "lib/system/directory_lock.h"

#include <string>

namespace pinpipe::loader {

class PinRoot {
public:
    // Makes and mounts what is missing, then waits for the lock: one loader at a time. What it made
    // is taken back through undo.
    static Result<PinRoot> prepare(const std::string &path, const LockWait &wait, Undo &undo);

    // Locks what is there; Exit::not_loaded where there is no bpffs.
    static Result<PinRoot> open(const std::string &path, const LockWait &wait, Undo &undo);

    // What to tell once a load has gone well, or empty: a mount that may not last.
    const std::string &doubt() const { return doubt_; }

private:
    struct Made {
        bool directory = false, mount = false, lock = false;
    };
    static void take_back(const std::string &path, const Made &made);
    static Result<PinRoot> acquire(const std::string &path, const LockWait &wait, Undo &undo,
                                   Result<bool> (PinRoot::*attempt)(const std::string &, Made &));
    // False: somebody else has the lock.
    Result<bool> try_prepare(const std::string &path, Made &made);
    Result<bool> try_open(const std::string &path, Made &made);
    Result<bool> try_lock(const std::string &path, Made &made);

    Fd lock_;
    std::string doubt_;
};

// Takes the mount away if a loader mounted it, and the directory if a loader made it. Who did is
// written in the mount's source, as /proc/self/mountinfo shows it: also what a killed loader left
// is known.
void remove_root(const std::string &path);

// Whether path is on a bpffs.
bool on_bpffs(const std::string &path);

} // namespace pinpipe::loader
