// The doctor: what loading and reading need, and what this machine has of it.
#include "lib/base/output.h"
#include "lib/event/json_line.h"
#include "lib/system/cgroup.h"
#include "tools/loader/actions.h"
#include "tools/loader/pin_root.h"
#include "tools/loader/probes.h"
#include "tools/loader/sockets.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <grp.h>
#include <rapidjson/writer.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

enum class State {
    ok,
    missing, // what loading needs and this machine has not
    no,      // not there, and loading does without
    unknown,
};

struct Finding {
    std::string name;
    State state;
    std::string value;
    std::string fix; // a command, or empty
};

using Findings = std::vector<Finding>;

constexpr const char *ask_root = "run as root";

const char *state_text(State state) {
    switch (state) {
    case State::ok: return "ok";
    case State::missing: return "missing";
    case State::no: return "no";
    case State::unknown: break;
    }
    return "unknown";
}

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
    const bool there = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
    return {"btf", there ? State::ok : State::no,
            there ? "/sys/kernel/btf/vmlinux" : "no type information: no socket events, no rules",
            there ? "" : "boot a kernel that was built with CONFIG_DEBUG_INFO_BTF"};
}

Finding check_jit() {
    const std::string enabled = first_line("/proc/sys/net/core/bpf_jit_enable");
    if (enabled.empty())
        return {"jit", State::ok, "always on", ""};
    return {"jit", enabled == "0" ? State::no : State::ok,
            enabled == "0" ? "off: programs are interpreted, slowly" : "on",
            enabled == "0" ? "sudo sysctl net.core.bpf_jit_enable=1" : ""};
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
    if (geteuid() == 0) {
        unsigned long long effective = 0;
        std::ifstream status("/proc/self/status");
        for (std::string line; std::getline(status, line);)
            std::sscanf(line.c_str(), "CapEff: %llx", &effective);
        constexpr unsigned long long admin = 1ULL << 21, net_admin = 1ULL << 12;
        const bool enough = (effective & admin) && (effective & net_admin);
        return {"capabilities", enough ? State::ok : State::missing,
                enough ? "root with all that loading needs"
                       : "root without CAP_SYS_ADMIN or CAP_NET_ADMIN: a container?",
                enough ? "" : "run it outside, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN"};
    }
    return {"capabilities", State::unknown, "a normal user: loading needs root",
            "sudo ebpf-load --check"};
}

Finding check_lockdown() {
    const std::string path = "/sys/kernel/security/lockdown";
    const std::string line = first_line(path);
    if (line.empty())
        return access(path.c_str(), F_OK) == 0
                   ? Finding{"lockdown", State::unknown, ask_root, "sudo ebpf-load --check"}
                   : Finding{"lockdown", State::ok, "none", ""};
    const size_t open = line.find('['), close = line.find(']');
    const std::string mode = open < close ? line.substr(open + 1, close - open - 1) : line;
    if (mode == "confidentiality")
        return {"lockdown", State::no,
                mode + ": kprobe and fentry programs may not read the kernel",
                "boot without lockdown=confidentiality"};
    return {"lockdown", State::ok, mode, ""};
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

Finding check_loaded(const std::string &pin_root) {
    const auto abi = Pins(pin_root).abi();
    if (abi)
        return {"loaded", State::ok, "layout " + std::to_string(abi->version), ""};
    const Error &error = abi.error();
    return {"loaded", error.exit == Exit::failed ? State::missing : State::no,
            error.exit == Exit::not_loaded ? "nothing yet" : error.text, error.hint};
}

void check_probes(Findings &findings) {
    if (geteuid() != 0) {
        findings.push_back({"probes", State::unknown, ask_root, "sudo ebpf-load --check"});
        return;
    }
    for (const Probe &probe : try_probes()) {
        const bool unlisted = probe.code == EOPNOTSUPP; // an LSM that would never fire
        findings.push_back({probe.name, probe.granted ? State::ok : State::no,
                            probe.granted ? "granted"
                            : unlisted    ? "never fires: bpf is not among the kernel's LSMs"
                                          : "refused: " + reason(probe.code),
                            unlisted ? "boot with lsm=...,bpf" : ""});
    }
}

void check_sockets(Findings &findings) {
    if (geteuid() != 0)
        return;
    const auto kind = best_probe_kind();
    findings.push_back({"sockets", kind ? State::ok : State::no,
                        kind ? std::string(probe_kind_name(*kind)) + " probes" : kind.error().text,
                        ""});
}

void check_rules(Findings &findings) {
    if (geteuid() != 0)
        return;
    const bool there = grants_rules();
    const std::string packets = grants_lsm_cgroup() ? "" : ", but packet sockets stay open";
    findings.push_back({"rules", there ? State::ok : State::no,
                        there ? "for the processes of a cgroup" + packets : "need Linux 5.19", ""});
}

void check_interfaces(Findings &findings) {
    for (const XdpSupport &support : xdp_support()) {
        std::string value = "generic";
        if (!support.native)
            value = "native where the driver has it (this kernel does not tell), else generic";
        else if (*support.native)
            value = support.frags ? "native, with packets in several buffers" : "native";
        findings.push_back({"xdp " + support.interface, State::ok, value, ""});
    }
}

std::string text_of(const Findings &findings) {
    std::string out;
    for (const Finding &finding : findings) {
        char start[64];
        std::snprintf(start, sizeof start, "%-8s %-20s ", state_text(finding.state),
                      printable(finding.name).c_str());
        out += start + printable(finding.value);
        if (!finding.fix.empty())
            out += "   -> " + printable(finding.fix);
        out += '\n';
    }
    return out;
}

std::string json_of(const Findings &findings) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    const auto field = [&](const char *key, const std::string &value) {
        writer.Key(key);
        const std::string text = json_string(value);
        writer.RawValue(text.data(), text.size(), rapidjson::kStringType);
    };
    writer.StartArray();
    for (const Finding &finding : findings) {
        writer.StartObject();
        field("name", finding.name);
        field("state", state_text(finding.state));
        field("value", finding.value);
        if (!finding.fix.empty())
            field("fix", finding.fix);
        writer.EndObject();
    }
    writer.EndArray();
    return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

} // namespace

Result<bool> check(const Command &command) {
    std::string release;
    const KernelVersion version = kernel_version(release);
    Findings findings = {
        check_kernel(version, release),
        check_btf(),
        check_jit(),
        check_bpffs(command.pin_root),
        check_cgroup2(),
        check_capabilities(),
        check_lockdown(),
        check_unprivileged(version),
        check_group(),
        check_loaded(command.pin_root),
    };
    check_probes(findings);
    check_sockets(findings);
    check_rules(findings);
    check_interfaces(findings);

    const auto written = write_output(command.json ? json_of(findings) : text_of(findings));
    if (!written)
        return fail(written.error());
    for (const Finding &finding : findings)
        if (finding.state == State::missing)
            return false;
    return true;
}

} // namespace pinpipe::loader
