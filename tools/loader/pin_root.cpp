#include "tools/loader/pin_root.h"

#include "bpf/control.h"
#include "lib/pins.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace pinpipe::loader {
namespace {

namespace fs = std::filesystem;

// Locks the directory that is at path once the lock is ours. Waits for another loader.
Result<Fd> lock_directory(const std::string &path) {
    for (;;) {
        Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!dir.valid())
            return fail(system_error("open " + path, errno));
        if (flock(dir.get(), LOCK_EX) != 0)
            return fail(system_error("lock " + path, errno));
        struct stat ours {
        }, now{};
        if (fstat(dir.get(), &ours) == 0 && stat(path.c_str(), &now) == 0 &&
            ours.st_ino == now.st_ino && ours.st_dev == now.st_dev)
            return dir;
    }
}

enum class Place { shared, own, unknown };

// Whether what we mount here, others see: a mount in a mount namespace of a command's own ends with
// it.
Place mount_namespace() {
    struct stat ours {
    }, first{};
    if (stat("/proc/self/ns/mnt", &ours) != 0 || stat("/proc/1/ns/mnt", &first) != 0)
        return Place::unknown;
    return ours.st_ino == first.st_ino ? Place::shared : Place::own;
}

Result<void> mount_bpffs(const std::string &path) {
    std::error_code ignored;
    if (!fs::is_empty(path, ignored))
        return fail(failure(path + " is no bpffs and not empty")
                        .with_hint("choose another --pin-root, or mount -t bpf bpf " + path));
    const Place place = mount_namespace();
    if (place == Place::own)
        return fail(failure("cannot mount a bpffs at " + path +
                            ": this mount namespace is not that of pid 1, the pins would vanish")
                        .with_hint("ebpf-load --netns NAME ... outside of 'ip netns exec'"));
    if (place == Place::unknown)
        std::fprintf(
            stderr,
            "ebpf-load: cannot tell whether this mount namespace lasts: pins vanish with it\n");
    if (mount("bpf", path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") != 0)
        return fail(system_error("mount a bpffs at " + path, errno));
    return {};
}

// Whoever may change the directory could lead root astray.
Result<void> check_owner(const std::string &path) {
    struct stat st {};
    if (stat(path.c_str(), &st) != 0)
        return fail(system_error("inspect " + path, errno));
    if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
        return fail(failure(path + " can be changed by others than root")
                        .with_hint("sudo chown root " + path + " && sudo chmod go-w " + path));
    return {};
}

} // namespace

bool on_bpffs(const std::string &path) {
    struct statfs st {};
    return statfs(path.c_str(), &st) == 0 && static_cast<unsigned long>(st.f_type) == BPF_FS_MAGIC;
}

Result<PinRoot> PinRoot::prepare(const std::string &path, Undo &undo) {
    PinRoot root;
    if (mkdir(path.c_str(), 0755) == 0) {
        root.made_ |= ROOT_MADE;
        undo.add([path] { rmdir(path.c_str()); });
    } else if (errno != EEXIST) {
        return fail(system_error("make " + path, errno));
    }
    auto lock = lock_directory(path);
    if (!lock)
        return fail(lock.error());
    if (!on_bpffs(path)) {
        if (auto mounted = mount_bpffs(path); !mounted)
            return fail(mounted.error());
        root.made_ |= ROOT_MOUNTED;
        undo.add([path] { umount2(path.c_str(), MNT_DETACH); });
        auto inner = lock_directory(path); // before the outer one is released
        if (!inner)
            return fail(inner.error());
        *lock = std::move(*inner);
    }
    if (auto safe = check_owner(path); !safe)
        return fail(safe.error());
    root.lock_ = std::move(*lock);
    return root;
}

Result<PinRoot> PinRoot::open(const std::string &path) {
    if (!on_bpffs(path))
        return fail(not_loaded(path));
    auto lock = lock_directory(path);
    if (!lock)
        return fail(lock.error());
    if (auto safe = check_owner(path); !safe)
        return fail(safe.error());
    PinRoot root;
    root.lock_ = std::move(*lock);
    return root;
}

void remove_root(const std::string &path, uint32_t made) {
    if (made & ROOT_MOUNTED)
        umount2(path.c_str(), MNT_DETACH);
    if (made & ROOT_MADE)
        rmdir(path.c_str());
}

} // namespace pinpipe::loader
