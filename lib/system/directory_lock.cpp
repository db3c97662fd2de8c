// SPDX-License-Identifier: MIT
#include "lib/system/directory_lock.h"

#include "lib/base/options.h"
#include "lib/base/signals.h"
#include "lib/system/clock.h"
#include "lib/system/holders.h"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace pinpipe {
namespace {

constexpr int64_t second = 1'000'000'000;

std::string holder_text(const std::string &path) {
    const auto holder = lock_holder(path);
    if (!holder)
        return "another process";
    return (holder->comm.empty() ? "a process" : holder->comm) + " (pid " +
           std::to_string(holder->pid) + ")";
}

} // namespace

bool is_lock_of(const Fd &lock, const std::string &path) {
    struct stat ours {
    }, now{};
    return fstat(lock.get(), &ours) == 0 && stat(path.c_str(), &now) == 0 &&
           ours.st_ino == now.st_ino && ours.st_dev == now.st_dev;
}

Result<Fd> try_lock_directory(const std::string &path) {
    for (;;) {
        Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!dir.valid())
            return fail(system_error("open " + path, errno));
        if (flock(dir.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK)
                return Fd();
            return fail(system_error("lock " + path, errno));
        }
        if (is_lock_of(dir, path))
            return dir;
    }
}

Result<int64_t> parse_lock_wait(const std::string &text) {
    const auto seconds = parse_number("--wait", text, 0, 86400);
    if (!seconds)
        return fail(seconds.error());
    return static_cast<int64_t>(*seconds) * second;
}

LockWaiting::LockWaiting(const LockWait &wait, std::string what)
    : wait_(wait), what_(std::move(what)), began_(boot_now()) {}

bool LockWaiting::pause(const std::string &path) {
    constexpr timespec step{0, 5'000'000};
    const int64_t waited = boot_now() - began_;
    if (waited >= wait_.most || stop_requested())
        return false;
    if (!told_ && waited >= wait_.quiet && wait_.say) {
        wait_.say("waiting for " + holder_text(path) + ", which has the lock of " + what_);
        told_ = true;
    }
    nanosleep(&step, nullptr);
    return true;
}

Error LockWaiting::given_up(const std::string &path) const {
    const int64_t waited = (boot_now() - began_) / second;
    const std::string after = waited ? " after " + std::to_string(waited) + " s" : "";
    return failure("cannot lock " + what_ + after + ": " + holder_text(path) + " has the lock")
        .with_hint(wait_.tool + " --wait SECONDS ...   (waits longer)");
}

Result<Fd> lock_directory(const std::string &path, const LockWait &wait, const std::string &what) {
    LockWaiting waiting(wait, what);
    for (;;) {
        auto lock = try_lock_directory(path);
        if (!lock || lock->valid())
            return lock;
        if (!waiting.pause(path))
            return fail(waiting.given_up(path));
    }
}

} // namespace pinpipe
