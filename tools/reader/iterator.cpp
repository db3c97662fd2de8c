// SPDX-License-Identifier: MIT
#include "tools/reader/iterator.h"

#include "lib/base/fd.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::reader {

Result<std::vector<char>> read_iterator(const std::string &path) {
    const Fd list(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!list.valid())
        return fail(system_error("open " + path, errno));
    std::vector<char> bytes;
    for (;;) {
        const size_t size = bytes.size();
        bytes.resize(size + size_t{64} * 1024);
        const ssize_t count = read(list.get(), bytes.data() + size, bytes.size() - size);
        if (count < 0 && errno != EINTR)
            return fail(system_error("read " + path, errno));
        bytes.resize(size + static_cast<size_t>(count > 0 ? count : 0));
        if (count == 0)
            return bytes;
    }
}

namespace {

constexpr ino_t initial_pid_namespace = 0xEFFFFFFC; // the kernel's PROC_PID_INIT_INO

// Numbers of processes mean the same here as in the kernel's records.
bool has_initial_pids() {
    struct stat st {};
    return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == initial_pid_namespace;
}

// What getsid(2) says, where the kernel refuses the iterator.
Result<uint32_t> session_by_number() {
    if (has_initial_pids())
        return static_cast<uint32_t>(getsid(0));
    return fail(failure("cannot tell this process's session in this pid namespace: the kernel "
                        "refuses the iterator for it")
                    .with_hint("give --include-self as well"));
}

} // namespace

Result<uint32_t> own_session(const Pins &pins) {
    const std::string path = pins.path(session_path);
    const auto bytes = read_iterator(path);
    if (!bytes && bytes.error().code == ENOENT)
        return session_by_number();
    if (!bytes)
        return fail(bytes.error());
    session_record record;
    if (bytes->size() != sizeof record)
        return fail(failure(path + " does not tell this process's session"));
    std::memcpy(&record, bytes->data(), sizeof record);
    return record.session;
}

} // namespace pinpipe::reader
