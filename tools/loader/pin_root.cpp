#include "tools/loader/pin_root.h"

#include "lib/pins/pins.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/magic.h>
#include <sstream>
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

// Sources of our mounts: on a directory that was there, and on one that we made. Where the kernel
// forgets the source of a bpffs (5.10), an empty directory of that name in it says the same.
constexpr const char *mounted_only = "pinpipe";
constexpr const char *made_and_mounted = "pinpipe-made";

enum class Place { shared, own, unknown };

// Whoever sets it knows that this mount namespace lasts: a container's, or that of a test.
constexpr const char *own_mounts = "EBPF_OWN_MOUNTS";

// Whether what we mount at path, others see: a mount in a namespace that was made for a command
// ends with it. Mount ids are unique in the system, and what is mounted for pid 1 anybody may read.
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

// Octal escapes, as mountinfo has for blanks.
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

// Source of the topmost mount at path; empty: nothing is mounted there.
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
        return fail(failure(path + " is no bpffs and not empty")
                        .with_hint("choose another --pin-root, or mount -t bpf bpf " + path));
    const Place place = std::getenv(own_mounts) ? Place::shared : mount_namespace(path);
    if (place == Place::own)
        return fail(failure("cannot mount a bpffs at " + path +
                            ": this mount namespace is not that of pid 1, the pins would vanish")
                        .with_hint("ebpf-load --netns NAME ...   (outside of 'ip netns exec')"));
    if (place == Place::unknown)
        doubt = "cannot tell whether this mount namespace lasts: the pins vanish with it";
    if (mount(source, path.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") != 0)
        return fail(system_error("mount a bpffs at " + path, errno));
    if (mount_source(path) != source && mkdir((path + "/" + source).c_str(), 0700) != 0)
        return fail(system_error("mark " + path, errno));
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
    bool made = false;
    Result<Fd> lock = fail(Error{.text = "", .hint = "", .code = ENOENT});
    while (!lock &&
           lock.error().code == ENOENT) { // again when an unload took it away while we waited
        made = mkdir(path.c_str(), 0755) == 0;
        if (!made && errno != EEXIST)
            return fail(system_error("make " + path, errno));
        if (made)
            undo.add([path] { rmdir(path.c_str()); });
        lock = lock_directory(path);
    }
    if (!lock)
        return fail(lock.error());
    if (!on_bpffs(path)) {
        const char *source = made || path == default_pin_root ? made_and_mounted : mounted_only;
        if (auto mounted = mount_bpffs(path, source, root.doubt_); !mounted)
            return fail(mounted.error());
        undo.add([path] { umount2(path.c_str(), MNT_DETACH); });
        auto inner = lock_directory(path); // before the outer one is released
        if (!inner)
            return fail(inner.error());
        *lock = std::move(*inner);
    } else if (made && mount_source(path) == mounted_only) { // by one that found our directory
        mkdir((path + "/" + made_and_mounted).c_str(), 0700);
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

void remove_root(const std::string &path) {
    std::string source = mount_source(path);
    for (const char *mark : {mounted_only, made_and_mounted})
        if (rmdir((path + "/" + mark).c_str()) == 0)
            source = mark;
    if (source == mounted_only || source == made_and_mounted)
        umount2(path.c_str(), MNT_DETACH);
    if (source.empty() || source == made_and_mounted)
        rmdir(path.c_str());
}

} // namespace pinpipe::loader
