// SPDX-License-Identifier: MIT
// Locks on directories, by flock(2): the kernel releases one however its holder ends.
//
// Whoever can open a directory can hold its lock for as long as he likes. So the lock of a change
// is a directory that only those can open who may make the change.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cstdint>
#include <functional>
#include <string>

namespace pinpipe {

// Takes the lock of the directory that is at path now, and not of one that was removed meanwhile.
// An invalid Fd: somebody else holds it.
Result<Fd> try_lock_directory(const std::string &path);

// Whether lock is still the lock of the directory at path: nobody has put another one there.
bool is_lock_of(const Fd &lock, const std::string &path);

inline constexpr int64_t default_lock_wait = 10'000'000'000; // nanoseconds

// How long to wait for a lock, and where to say for whom.
struct LockWait {
    std::string tool;                             // "ebpf-load", for the hint at --wait
    std::function<void(const std::string &)> say; // may be empty
    int64_t most = default_lock_wait;             // nanoseconds; 0: a lock that is held is an error
    int64_t quiet = 1'000'000'000;                // nanoseconds until it is said for whom
};

// The argument of --wait: whole seconds, up to a day; returned in nanoseconds.
Result<int64_t> parse_lock_wait(const std::string &text);

// One wait, in steps, for one lock or for several in turn.
class LockWaiting {
public:
    // what: "/run/ebpf", "the rules": what cannot be changed meanwhile.
    LockWaiting(const LockWait &wait, std::string what);

    // Pauses until the lock of path can be tried again. False: the time is over, or a stop signal
    // came.
    bool pause(const std::string &path);

    // The error when pause() has returned false: who holds the lock of path.
    Error given_up(const std::string &path) const;

private:
    LockWait wait_;
    std::string what_;
    int64_t began_;
    bool told_ = false;
};

// Takes the lock of path, waiting for whoever holds it.
Result<Fd> lock_directory(const std::string &path, const LockWait &wait, const std::string &what);

} // namespace pinpipe
