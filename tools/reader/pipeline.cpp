// SPDX-License-Identifier: MIT
#include "tools/reader/pipeline.h"

#include "tools/reader/iterator_records.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace pinpipe::reader {
namespace {

constexpr ino_t initial_pid_namespace = 0xEFFFFFFC; // the kernel's PROC_PID_INIT_INO

// Numbers of processes mean the same here as in the kernel's records.
bool has_initial_pids() {
    struct stat st {};
    return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == initial_pid_namespace;
}

// What getpgid(2) returns, where the kernel refuses the iterator.
Result<uint32_t> pgid_by_number() {
    if (has_initial_pids())
        return static_cast<uint32_t>(getpgid(0));
    return fail(failure("cannot find this process group's number in the initial pid namespace: the "
                        "kernel refuses the iterator for it")
                    .with_hint("give --include-self as well"));
}

Result<uint32_t> own_pgid(const Pins &pins) {
    const std::string path = pins.path(pgid_path);
    const auto bytes = read_iterator(path);
    if (!bytes && bytes.error().code == ENOENT)
        return pgid_by_number();
    if (!bytes)
        return fail(bytes.error());
    pgid_record record;
    if (bytes->size() != sizeof record)
        return fail(failure(path + " does not hold the number of a process group"));
    std::memcpy(&record, bytes->data(), sizeof record);
    return record.pgid;
}

using Directory = std::unique_ptr<DIR, int (*)(DIR *)>;

// Calls what(name) for each entry of a directory whose name is a number, until it returns false.
template <class What> void for_each_number(Directory directory, const What &what) {
    while (const dirent *entry = directory ? readdir(directory.get()) : nullptr) {
        uint32_t number = 0;
        const char *end = entry->d_name + std::strlen(entry->d_name);
        const auto [rest, error] = std::from_chars(entry->d_name, end, number);
        if (error == std::errc() && rest == end && !what(number))
            return;
    }
}

Directory open_directory(const std::string &path) {
    return {opendir(path.c_str()), closedir};
}

// A link of /proc/PID/fd: "pipe:[4711]", or the path of a named one. Empty where there is none.
std::string read_link(int directory, const std::string &name) {
    char link[PATH_MAX];
    const ssize_t size = readlinkat(directory, name.c_str(), link, sizeof link);
    return {link, size > 0 ? static_cast<size_t>(size) : 0};
}

// The other end of a pipe, as links of /proc/PID/fd show it.
struct OtherEnd {
    std::string link;
    mode_t mode; // of the link: S_IRUSR for the end that is read, S_IWUSR for the other one
};

std::vector<OtherEnd> other_ends() {
    std::vector<OtherEnd> ends;
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        struct stat st {};
        if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
            ends.push_back({read_link(AT_FDCWD, "/proc/self/fd/" + std::to_string(fd)),
                            fd == STDIN_FILENO ? mode_t{S_IWUSR} : mode_t{S_IRUSR}});
    }
    return ends;
}

bool is_one_of(int directory, const std::string &name, const std::vector<OtherEnd> &ends) {
    const std::string link = read_link(directory, name);
    struct stat st {};
    return std::any_of(ends.begin(), ends.end(), [&](const OtherEnd &end) {
        return link == end.link &&
               fstatat(directory, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               st.st_mode & end.mode;
    });
}

bool holds_one(uint32_t pid, const std::vector<OtherEnd> &ends) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fd";
    bool found = false;
    Directory fds = open_directory(path);
    const int at = fds ? dirfd(fds.get()) : -1;
    for_each_number(std::move(fds), [&](uint32_t fd) {
        found = is_one_of(at, std::to_string(fd), ends);
        return !found;
    });
    return found;
}

Fd open_process(uint32_t pid) {
    return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

} // namespace

void Pipeline::find_holders() {
    const std::vector<OtherEnd> ends = other_ends();
    if (ends.empty() || !has_initial_pids())
        return;
    for_each_number(open_directory("/proc"), [&](uint32_t pid) {
        if (getpgid(static_cast<pid_t>(pid)) == getpgid(0) || !holds_one(pid, ends))
            return true;
        Fd process = open_process(pid);
        if (process.valid() && holds_one(pid, ends)) // still: the number may be another process's
            holders_.push_back({pid, std::move(process)});
        return holders_.size() < FILTER_OWN;
    });
}

Result<Pipeline> Pipeline::find(const Pins &pins) {
    Pipeline pipeline;
    const auto pgid = own_pgid(pins);
    if (!pgid)
        return fail(pgid.error());
    pipeline.pgid_ = *pgid;
    pipeline.find_holders();
    return pipeline;
}

bool Pipeline::forget_ended() {
    return std::erase_if(holders_, [](const Holder &holder) {
               pollfd process{holder.process.get(), POLLIN, 0};
               return poll(&process, 1, 0) == 1;
           }) != 0;
}

void Pipeline::write_to(socket_filter &filter) const {
    filter.leave_out_own = 1;
    filter.pgid = pgid_;
    std::fill(std::begin(filter.own), std::end(filter.own), NO_PROCESS);
    for (size_t i = 0; i < holders_.size(); i++)
        filter.own[i] = holders_[i].pid;
}

} // namespace pinpipe::reader
