// SPDX-License-Identifier: MIT
// Locks on directories, by flock(2): the kernel releases a lock however its holder ends.
//
// A process that can open a directory can hold its lock for any time. So the lock for a change is a
// directory that only users who may make the change can open.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cstdint>
#include <functional>
#include <string>

namespace pinpipe {

// Takes the lock of the directory that is at path now, and not of one that was removed meanwhile.
// An invalid Fd: another process holds it.
Result<Fd> try_lock_directory(const std::string &path);

// Whether lock is still the lock of the directory at path: no other one has been put there.
bool is_lock_of(const Fd &lock, const std::string &path);

inline constexpr int64_t default_lock_wait = 10'000'000'000; // nanoseconds

// How long to wait for a lock, and where to report its holder.
struct LockWait {
    std::string tool;                             // "ebpf-load", for the hint at --wait
    std::function<void(const std::string &)> say; // may be empty
    int64_t most = default_lock_wait;             // nanoseconds; 0: a lock that is held is an error
    int64_t quiet = 1'000'000'000;                // nanoseconds until the holder is reported
    bool take_over = true; // whether root may go on without a lock of the admin group
};

// The argument of --wait: whole seconds, up to a day; returned in nanoseconds.
Result<int64_t> parse_lock_wait(const std::string &text);

// A wait in steps, for one lock or for several in turn.
class LockWaiting {
public:
    // what: "/run/ebpf", "the rules": the thing that the lock protects.
    LockWaiting(const LockWait &wait, std::string what);

    // Pauses until the lock of path can be tried again. False: the time is over, or a stop signal
    // came.
    bool pause(const std::string &path);

    // The error when pause() has returned false; it names the holder of the lock of path.
    Error given_up(const std::string &path) const;

private:
    LockWait wait_;
    std::string what_;
    int64_t began_;
    bool told_ = false;
};

// Takes the lock of path, and waits for its holder as wait says.
Result<Fd> lock_directory(const std::string &path, const LockWait &wait, const std::string &what);

} // namespace pinpipe
