// SPDX-License-Identifier: MIT
#include "tools/loader/machine.h"

#include "lib/system/cgroup.h"
#include "tools/loader/lockdown.h"
#include "tools/loader/pin_root.h"
#include "tools/loader/privilege.h"
#include "tools/loader/probes.h"

#include <cstdio>
#include <fstream>
#include <grp.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

std::string first_line(const std::string &path) {
    std::string line;
    std::getline(std::ifstream(path), line);
    return line;
}

struct KernelVersion {
    int major_number = 0;
    int minor_number = 0;
    bool at_least(int a, int b) const {
        return major_number > a || (major_number == a && minor_number >= b);
    }
};

KernelVersion kernel_version(std::string &release) {
    utsname name{};
    uname(&name);
    release = name.release;
    KernelVersion version;
    std::sscanf(name.release, "%d.%d", &version.major_number, &version.minor_number);
    return version;
}

Finding check_kernel(const KernelVersion &version, const std::string &release) {
    const bool fits = version.at_least(5, 10);
    return {"kernel", fits ? State::ok : State::missing,
            release + (fits ? "" : ": 5.10 is the oldest"), fits ? "" : "boot a newer kernel"};
}

Finding check_btf() {
    if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
        return {"btf", State::ok, "/sys/kernel/btf/vmlinux", ""};
    return {"btf", State::no, "no type information: no socket events, no rules",
            "boot a kernel that was built with CONFIG_DEBUG_INFO_BTF"};
}

// Other network namespaces do not show the sysctl. So root loads a program and looks at that.
Finding check_jit() {
    if (geteuid() != 0)
        return ask_root("jit");
    const auto compiles = compiles_programs();
    if (!compiles)
        return {"jit", State::unknown, "no program could be loaded", ""};
    if (*compiles)
        return {"jit", State::ok, "on", ""};
    return {"jit", State::no, "off: programs are interpreted, slowly",
            "sudo sysctl net.core.bpf_jit_enable=1"};
}

Finding check_bpffs(const std::string &root) {
    if (on_bpffs(root))
        return {"bpffs", State::ok, root + " is one", ""};
    std::ifstream filesystems("/proc/filesystems");
    for (std::string line; std::getline(filesystems, line);)
        if (line == "nodev\tbpf")
            return {"bpffs", State::ok, "mounted at " + root + " by the first load", ""};
    return {"bpffs", State::missing, "this kernel has none (CONFIG_BPF_SYSCALL)",
            "boot another kernel"};
}

Finding check_cgroup2() {
    const std::string path = cgroup_mount();
    if (!path.empty())
        return {"cgroup2", State::ok, path, ""};
    return {"cgroup2", State::no, "not mounted", "sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup"};
}

Finding check_capabilities() {
    switch (own_privilege()) {
    case Privilege::no_root:
        return {"capabilities", State::unknown, "a normal user: loading needs root",
                "sudo ebpf-load --check"};
    case Privilege::user_namespace:
        return {"capabilities", State::missing, "root only in a user namespace",
                "run it as the machine's root"};
    case Privilege::no_capabilities:
        return {"capabilities", State::missing,
                "root without CAP_SYS_ADMIN or CAP_NET_ADMIN: a container?",
                "run it outside, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN"};
    case Privilege::all: break;
    }
    return {"capabilities", State::ok, "root with all that loading needs", ""};
}

Finding check_unprivileged(const KernelVersion &version) {
    const std::string value = first_line("/proc/sys/kernel/unprivileged_bpf_disabled");
    if (value.empty() || value == "0" || version.at_least(5, 19))
        return {"readers", State::ok,
                "unprivileged_bpf_disabled=" + (value.empty() ? "none" : value) +
                    ": members of the read group need no capability",
                ""};
    return {"readers", State::no,
            "unprivileged_bpf_disabled=" + value +
                " and a kernel before 5.19: readers need CAP_BPF",
            "sudo setcap cap_bpf+ep \"$(command -v ebpf-read)\""};
}

Finding check_group() {
    const bool there = getgrnam("ebpf") != nullptr;
    return {"group", there ? State::ok : State::no,
            there ? "ebpf may read by default" : "no group ebpf: only root may read by default",
            there ? "" : "sudo groupadd --system ebpf"};
}

} // namespace

Findings machine_findings(const std::string &pin_root) {
    std::string release;
    const KernelVersion version = kernel_version(release);
    return {
        check_kernel(version, release),
        check_btf(),
        check_jit(),
        check_bpffs(pin_root),
        check_cgroup2(),
        check_capabilities(),
        lockdown_finding(read_security_file("lockdown")),
        check_unprivileged(version),
        check_group(),
    };
}

} // namespace pinpipe::loader
