// SPDX-License-Identifier: MIT
#include "tools/loader/lockdown.h"

#include "lib/base/fd.h"

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr const char *usual_place = "/sys/kernel/security";

using Answer = SecurityFile::Answer;

Answer answer_to(int code) {
    return code == EPERM || code == EACCES ? Answer::not_permitted
           : code == ENODEV                ? Answer::no_securityfs
                                           : Answer::absent;
}

// Opens the directory where securityfs is mounted, or else a new mount of it. Sets errno if neither
// is possible.
Fd open_securityfs() {
    struct statfs usual {};
    if (statfs(usual_place, &usual) == 0 && usual.f_type == SECURITYFS_MAGIC)
        return Fd(open(usual_place, O_PATH | O_DIRECTORY | O_CLOEXEC));
    const Fd context(static_cast<int>(syscall(SYS_fsopen, "securityfs", FSOPEN_CLOEXEC)));
    if (!context.valid() ||
        syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return Fd();
    return Fd(
        static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY)));
}

} // namespace

SecurityFile read_security_file(const std::string &name) {
    const Fd directory = open_securityfs();
    if (!directory.valid())
        return {answer_to(errno), ""};
    const Fd file(openat(directory.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
    char text[4096];
    const ssize_t size = file.valid() ? read(file.get(), text, sizeof text) : -1;
    if (size < 0)
        return {answer_to(errno), ""};
    const std::string line(text, static_cast<size_t>(size));
    return {Answer::read, line.substr(0, line.find('\n'))};
}

Finding lockdown_finding(const SecurityFile &file) {
    switch (file.answer) {
    case Answer::not_permitted: return ask_root("lockdown");
    case Answer::no_securityfs:
        return {"lockdown", State::unknown, "this kernel has no securityfs, which has the state",
                ""};
    case Answer::absent: return {"lockdown", State::ok, "none: this kernel has no lockdown", ""};
    case Answer::read: break;
    }
    const size_t open = file.line.find('['), close = file.line.find(']');
    if (open == std::string::npos || close == std::string::npos || close < open)
        return {"lockdown", State::unknown, "unexpected text: " + file.line, ""};
    const std::string mode = file.line.substr(open + 1, close - open - 1);
    if (mode == "confidentiality")
        return {"lockdown", State::no,
                mode + ": kprobe and fentry programs may not read the kernel",
                "boot without lockdown=confidentiality"};
    return {"lockdown", State::ok, mode, ""};
}

} // namespace pinpipe::loader
