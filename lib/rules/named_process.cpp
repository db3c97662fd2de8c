// SPDX-License-Identifier: MIT
#include "lib/rules/named_process.h"

#include "lib/base/fd.h"
#include "lib/base/options.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <unordered_map>

namespace pinpipe {
namespace {

constexpr const char *pid_prefix = "pid:";
constexpr const char *name_prefix = "name:";
constexpr const char *any_word = "any";
constexpr size_t longest_name = 15;

bool begins(const std::string &text, const char *prefix) {
    return text.rfind(prefix, 0) == 0;
}

// Devices of mounts (major << 20 | minor), by mount id, as kernel programs compare them: stat(2)
// gives another device for files of overlayfs.
const std::unordered_map<uint64_t, uint64_t> &mount_devices() {
    static const auto devices = [] {
        std::unordered_map<uint64_t, uint64_t> found;
        std::ifstream mounts("/proc/self/mountinfo");
        for (std::string line; std::getline(mounts, line);) {
            unsigned long mount = 0, major_number = 0, minor_number = 0;
            if (std::sscanf(line.c_str(), "%lu %*u %lu:%lu", &mount, &major_number,
                            &minor_number) == 3)
                found[mount] = major_number << 20 | minor_number;
        }
        return found;
    }();
    return devices;
}

bool is_script(const std::string &path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char start[2];
    return file.valid() && read(file.get(), start, sizeof start) == sizeof start &&
           start[0] == '#' && start[1] == '!';
}

// The words of a file handle, as name_to_handle_at(2) gives it.
using Handle = std::array<uint32_t, MAX_HANDLE_SZ / 4>;

// Where the generation stands in the handle of a file with this inode number; nothing: not known.
std::optional<uint32_t> generation_in(const Handle &words, int type, uint64_t inode) {
    const auto low = static_cast<uint32_t>(inode);
    constexpr int generic = 1, xfs_long = 0x81, btrfs = 0x4d;
    if (type == generic && words[0] == low)
        return words[1];
    if (type == generic && words[1] == low) // tmpfs
        return words[0];
    if (type == xfs_long && words[0] == low)
        return words[2];
    if (type == btrfs && words[0] == low)
        return words[4];
    return {};
}

// The generation of a file as kernel programs have it; 0 where its file system has none.
Result<uint32_t> generation_of(const std::string &path, uint64_t inode) {
    struct statfs system {};
    if (statfs(path.c_str(), &system) != 0)
        return fail(system_error("inspect the file system of " + path, errno));
    if (!has_generation(static_cast<unsigned long>(system.f_type)))
        return 0U;
    struct {
        file_handle head;
        Handle words;
    } handle{};
    handle.head.handle_bytes = sizeof handle.words;
    int mount = 0;
    if (name_to_handle_at(AT_FDCWD, path.c_str(), &handle.head, &mount, AT_SYMLINK_FOLLOW) != 0)
        return fail(system_error("inspect " + path, errno));
    const auto generation = generation_in(handle.words, handle.head.handle_type, inode);
    if (!generation)
        return fail(failure("cannot tell " + path + " from later files: a file handle of type " +
                            std::to_string(handle.head.handle_type) + " is not known"));
    return *generation;
}

Result<subject_key> find_executable(const std::string &path) {
    struct statx st {};
    if (statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS | STATX_MNT_ID, &st) != 0)
        return fail(system_error("find executable " + path, errno));
    if (!S_ISREG(st.stx_mode) || !(st.stx_mode & 0111))
        return fail(failure(path + " is no executable file"));
    if (is_script(path))
        return fail(failure(path + " is a script: what runs is its interpreter; give the "
                                   "process's name"));
    subject_key key{};
    key.kind = SUBJECT_EXE;
    key.id[0] = st.stx_ino;
    key.id[1] = uint64_t{st.stx_dev_major} << 20 | st.stx_dev_minor;
    if (const auto device = mount_devices().find(st.stx_mnt_id);
        (st.stx_mask & STATX_MNT_ID) && device != mount_devices().end())
        key.id[1] = device->second;
    const auto generation = generation_of(path, st.stx_ino);
    if (!generation)
        return fail(generation.error());
    key.id[1] |= uint64_t{*generation} << 32;
    return key;
}

std::string whole_file(const std::string &path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Field 22 of /proc/PID/stat, in clock ticks; empty: no such process, or the number of a thread.
std::optional<uint64_t> start_ticks(unsigned long pid) {
    const std::string at = "/proc/" + std::to_string(pid);
    if (whole_file(at + "/status").find("\nTgid:\t" + std::to_string(pid) + "\n") ==
        std::string::npos)
        return {};
    const std::string stat = whole_file(at + "/stat");
    size_t from = stat.rfind(')'); // a name may hold blanks and parentheses
    for (int field = 2; field < 22 && from != stat.npos; field++)
        from = stat.find(' ', from + 1);
    uint64_t ticks = 0;
    if (from == stat.npos ||
        std::from_chars(stat.data() + from + 1, stat.data() + stat.size(), ticks).ec != std::errc())
        return {};
    return ticks;
}

Result<subject_key> find_pid(const std::string &text) {
    const auto pid = parse_number("pid:N", text.substr(std::strlen(pid_prefix)), 1, INT_MAX);
    if (!pid)
        return fail(pid.error());
    const auto ticks = start_ticks(*pid);
    if (!ticks)
        return fail(Error{.text = "no process " + std::to_string(*pid), .hint = "", .code = ESRCH});
    subject_key key{};
    key.kind = SUBJECT_PID;
    key.id[0] = *pid;
    const auto step = 1'000'000'000UL / static_cast<unsigned long>(sysconf(_SC_CLK_TCK));
    key.id[1] = *ticks * step;
    return key;
}

subject_key name_key(const std::string &name) {
    subject_key key{};
    key.kind = SUBJECT_NAME;
    std::memcpy(key.id, name.data(), name.size());
    return key;
}

} // namespace

namespace {

// A name as it is after its prefix, if there is one.
Result<subject_kind> name_kind(const std::string &name) {
    if (name.empty())
        return fail(usage_error("no name behind name:"));
    if (name.size() <= longest_name)
        return SUBJECT_NAME;
    return fail(usage_error("the name '" + name + "' has " + std::to_string(name.size()) +
                            " bytes: the kernel keeps " + std::to_string(longest_name) +
                            " of a process's name; give the executable's path"));
}

std::string without_prefix(const std::string &text) {
    return begins(text, name_prefix) ? text.substr(std::strlen(name_prefix)) : text;
}

} // namespace

std::string name_text(const std::string &name) {
    const bool plain = name.find('/') == name.npos && !begins(name, pid_prefix) &&
                       !begins(name, name_prefix) && name != any_word && name != "*";
    return plain ? name : name_prefix + name;
}

Result<subject_kind> process_kind(const std::string &text) {
    if (text.empty())
        return fail(usage_error("no process: a name, an absolute path or pid:N is needed"));
    if (text.find('\0') != text.npos)
        return fail(usage_error("a NUL byte in the process '" + text + "'"));
    if (begins(text, name_prefix))
        return name_kind(without_prefix(text));
    if (begins(text, pid_prefix)) {
        const auto pid = parse_number("pid:N", text.substr(std::strlen(pid_prefix)), 1, INT_MAX);
        return pid ? Result<subject_kind>(SUBJECT_PID) : fail(pid.error());
    }
    if (text[0] == '/') {
        if (text.size() < SUBJECT_TEXT)
            return SUBJECT_EXE;
        return fail(usage_error("a path of more than " + std::to_string(SUBJECT_TEXT - 1) +
                                " bytes: " + text));
    }
    if (text.find('/') != text.npos)
        return fail(usage_error("'" + text + "' is no process: a path must be absolute"));
    return name_kind(text);
}

Result<Process> find_process(const std::string &text) {
    const auto kind = process_kind(text);
    if (!kind)
        return fail(kind.error());
    const Result<subject_key> key = *kind == SUBJECT_EXE   ? find_executable(text)
                                    : *kind == SUBJECT_PID ? find_pid(text)
                                                           : name_key(without_prefix(text));
    if (!key)
        return fail(key.error());
    return Process{*key, begins(text, name_prefix) ? name_text(without_prefix(text)) : text};
}

Result<subject_kind> ruled_kind(const std::string &text) {
    if (text == any_word)
        return SUBJECT_ANY;
    if (text == "*")
        return fail(usage_error("'*' is no process: every process of a cgroup is called any")
                        .with_hint("ebpf-ctl allow PORT any --cgroup DIR   (name:* is a process "
                                   "that is called *)"));
    return process_kind(text);
}

Result<Process> find_ruled(const std::string &text) {
    const auto kind = ruled_kind(text);
    if (!kind)
        return fail(kind.error());
    if (*kind != SUBJECT_ANY)
        return find_process(text);
    Process any{{}, text};
    any.key.kind = SUBJECT_ANY;
    return any;
}

bool is_missing(const Error &error) {
    return error.code == ENOENT || error.code == ENOTDIR || error.code == ESRCH;
}

bool is_current(const subject_key &key, const std::string &text) {
    if (key.kind == SUBJECT_ANY)
        return true;
    const auto now = find_process(text);
    return now && now->key.kind == key.kind && std::memcmp(now->key.id, key.id, sizeof key.id) == 0;
}

} // namespace pinpipe
