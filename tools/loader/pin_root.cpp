// SPDX-License-Identifier: MIT
#include "tools/loader/pin_root.h"

#include "lib/base/options.h"
#include "lib/pins/pins.h"
#include "lib/system/trusted_path.h"
#include "tools/loader/root_lock.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/magic.h>
#include <sstream>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace pinpipe::loader {
namespace {

namespace fs = std::filesystem;

const std::string lock_below = std::string("/") + root_lock_name;

// Sources of our mounts: on a directory that existed, and on one that a loader made. Linux 5.10
// does not keep the source of a bpffs; there an empty directory of that name in it stands for it.
constexpr const char *mounted_only = "pinpipe";
constexpr const char *made_and_mounted = "pinpipe-made";

enum class Place { shared, own, unknown };

// An environment variable. Set, it says that this mount namespace lasts, as that of a container.
constexpr const char *own_mounts = "EBPF_OWN_MOUNTS";

// Whether a mount at path is visible to others. A mount namespace that was made for one command
// ends with the command, and its mounts with it. Mount ids are unique in the system, so the path's
// is compared with those of pid 1, which everybody may read.
Place mount_namespace(const std::string &path) {
    struct statx where {};
    std::ifstream mounts("/proc/1/mountinfo");
    if (statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &where) != 0 ||
        !(where.stx_mask & STATX_MNT_ID) || !mounts)
        return Place::unknown;
    for (std::string line; std::getline(mounts, line);)
        if (std::strtoull(line.c_str(), nullptr, 10) == where.stx_mnt_id)
            return Place::shared;
    return Place::own;
}

// Undoes octal escapes, as mountinfo has for blanks.
std::string unescaped(const std::string &text) {
    std::string out;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            out += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

// The source of the topmost mount at path; empty if nothing is mounted there.
std::string mount_source(const std::string &path) {
    std::ifstream mounts("/proc/self/mountinfo");
    std::string found;
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string field, place, type, source;
        for (int i = 0; i < 5; i++)
            fields >> place;
        while (fields >> field && field != "-")
            ;
        fields >> type >> source;
        if (unescaped(place) == path)
            found = source;
    }
    return found;
}

Result<void> mount_bpffs(const std::string &path, const char *source, std::string &doubt) {
    std::error_code ignored;
    if (!fs::is_empty(path, ignored))
        return fail(failure(path + " is neither a BPF file system (bpffs) nor empty")
                        .with_hint("choose another --pin-root, or mount -t bpf bpf " + path));
    const Place place = std::getenv(own_mounts) ? Place::shared : mount_namespace(path);
    if (place == Place::own)
        return fail(
            failure("cannot mount a bpffs at " + path +
                    ": this mount namespace is not that of pid 1: the pins would vanish with it")
                .with_hint("ebpf-load --netns NAME ...   (outside of 'ip netns exec')"));
    if (place == Place::unknown)
        doubt = "this mount namespace may not last, and the pins vanish with it";
    if (mount(source, path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") != 0)
        return fail(system_error("mount a bpffs at " + path, errno));
    if (mount_source(path) == source || mkdir((path + "/" + source).c_str(), 0700) == 0)
        return {};
    const Error error = system_error("make " + path + "/" + source, errno);
    umount2(path.c_str(), MNT_DETACH);
    return fail(error);
}

} // namespace

bool on_bpffs(const std::string &path) {
    struct statfs st {};
    return statfs(path.c_str(), &st) == 0 && static_cast<unsigned long>(st.f_type) == BPF_FS_MAGIC;
}

void PinRoot::take_back(const std::string &path, const Made &made) {
    if (made.mount)
        umount2(path.c_str(), MNT_DETACH);
    else if (made.lock)
        rmdir((path + lock_below).c_str());
    if (made.directory)
        rmdir(path.c_str());
}

Result<bool> PinRoot::try_lock(const std::string &path, Made &made) {
    if (auto safe = trusted_path(path); !safe)
        return fail(safe.error());
    auto lock = try_lock_of_root(path + lock_below, made.lock);
    if (!lock)
        return fail(lock.error());
    lock_ = std::move(*lock);
    return lock_.valid();
}

Result<bool> PinRoot::try_prepare(const std::string &path, Made &made) {
    if (auto safe = trusted_path(path); !safe)
        return fail(safe.error());
    made.directory = mkdir(path.c_str(), 0755) == 0;
    if (!made.directory && errno != EEXIST)
        return fail(system_error("make " + path, errno));
    if (!on_bpffs(path)) {
        const bool ours = made.directory || path == default_pin_root;
        const char *source = ours ? made_and_mounted : mounted_only;
        if (auto mounted = mount_bpffs(path, source, doubt_); !mounted)
            return fail(mounted.error());
        made.mount = true;
    }
    return try_lock(path, made);
}

// Under the mounting lock, so that a process that makes the lock's directory also gets its lock.
Result<PinRoot> PinRoot::acquire(const std::string &path, const LockWait &wait, Undo &undo,
                                 Result<bool> (PinRoot::*attempt)(const std::string &, Made &)) {
    LockWaiting waiting(wait, path);
    for (;;) {
        PinRoot root;
        auto mounting = MountingLock::attempt();
        if (!mounting)
            return fail(mounting.error());
        if (*mounting) {
            Made made;
            const auto held = (root.*attempt)(path, made);
            if (held && *held) {
                undo.add([path, made] { while_nobody_mounts([&] { take_back(path, made); }); });
                return root;
            }
            take_back(path, made);
            if (!held)
                return fail(held.error());
        }
        const std::string busy = *mounting ? path + lock_below : MountingLock::path;
        mounting->reset();
        if (!waiting.pause(busy))
            return fail(waiting.given_up(busy));
    }
}

Result<PinRoot> PinRoot::prepare(const std::string &path, const LockWait &wait, Undo &undo) {
    return acquire(path, wait, undo, &PinRoot::try_prepare);
}

Result<bool> PinRoot::try_open(const std::string &path, Made &made) {
    return on_bpffs(path) ? try_lock(path, made) : fail(not_loaded(path));
}

Result<PinRoot> PinRoot::open(const std::string &path, const LockWait &wait, Undo &undo) {
    return acquire(path, wait, undo, &PinRoot::try_open);
}

void remove_root(const std::string &path) {
    while_nobody_mounts([&] {
        std::string source = mount_source(path);
        for (const char *mark : {mounted_only, made_and_mounted})
            if (rmdir((path + "/" + mark).c_str()) == 0)
                source = mark;
        rmdir((path + lock_below).c_str());
        if (source == mounted_only || source == made_and_mounted)
            umount2(path.c_str(), MNT_DETACH);
        if (source.empty() || source == made_and_mounted)
            rmdir(path.c_str());
    });
}

} // namespace pinpipe::loader
