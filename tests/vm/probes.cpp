// SPDX-License-Identifier: MIT
// usage: vm-probes
//
// Compares what ebpf-load --check reports of fentry, kprobe, tp_btf and lsm with what happens: a
// program of that kind, which does nothing, is attached; its target is called; and the kernel's
// count says whether it ran. Needs root.
//
// Standard output: lines in the format of tests/vm/inside.
#include "tools/loader/probes.h"
#include "lib/base/error.h"
#include "tests/vm/cells.h"

#include <bpf/libbpf.h>
#include <cerrno>
#include <fstream>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pinpipe {
namespace {

struct Kind {
    const char *name; // as in loader::Probe
    bpf_prog_type type;
    bpf_attach_type attach;
    const char *target; // a function or tracepoint that use_sockets() runs
};

constexpr Kind kinds[] = {
    {"fentry", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "inet_release"},
    {"kprobe", BPF_PROG_TYPE_KPROBE, {}, "inet_release"},
    {"tp_btf", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "inet_sock_set_state"},
    {"lsm", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "socket_post_create"},
};

// Makes a TCP socket, changes its state, and closes it.
void use_sockets() {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    listen(socket.get(), 1);
}

Fd load(const Kind &kind) {
    const bpf_insn nothing[] = {
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    };
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = kind.attach);
    if (kind.type != BPF_PROG_TYPE_KPROBE)
        options.attach_btf_id =
            static_cast<__u32>(libbpf_find_vmlinux_btf_id(kind.target, kind.attach));
    return Fd(bpf_prog_load(kind.type, "vm_probe", "GPL", nothing, std::size(nothing), &options));
}

Fd attach_kprobe(const Fd &program, const char *function) {
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.config1 = reinterpret_cast<uintptr_t>(function);
    std::ifstream("/sys/bus/event_source/devices/kprobe/type") >> attributes.type;
    Fd event(static_cast<int>(
        syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
    const bool set =
        event.valid() && ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program.get()) == 0;
    return set && ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0) == 0 ? std::move(event) : Fd();
}

bool fires(const Kind &kind) {
    const Fd program = load(kind);
    if (!program.valid())
        return false;
    const Fd link = kind.type == BPF_PROG_TYPE_KPROBE
                        ? attach_kprobe(program, kind.target)
                        : Fd(bpf_raw_tracepoint_open(nullptr, program.get()));
    for (int attempt = 0; link.valid() && attempt < 100; attempt++) {
        use_sockets();
        if (runs(program) > 0)
            return true;
        usleep(1000);
    }
    return false;
}

std::string refusal(const loader::Probe &probe) {
    switch (probe.grant) {
    case loader::Grant::refused: return "refused here: " + reason(probe.code);
    case loader::Grant::never_runs: return "no LSM programs: bpf is not among the kernel's LSMs";
    default: return "this kernel has none";
    }
}

void compare(const loader::Probe &probe) {
    const std::string cell = std::string(probe.name) + ": fires, as --check says";
    for (const Kind &kind : kinds) {
        if (std::string(probe.name) != kind.name)
            continue;
        const bool fired = fires(kind);
        if (fired != probe.granted())
            print_cell(cell, "fail",
                       fired ? "it fires, --check says no" : "it does not, --check says ok");
        else
            print_cell(cell, fired ? "pass" : "limit", fired ? "" : refusal(probe));
        return;
    }
    print_cell(cell, "fail", "a kind of probe that this test does not know");
}

} // namespace
} // namespace pinpipe

int main() {
    using namespace pinpipe;
    libbpf_set_print(nullptr);
    const Fd counting = count_runs();
    if (!counting.valid()) {
        std::fprintf(stderr, "vm-probes: cannot count runs: %s\n", reason(errno).c_str());
        return 1;
    }
    for (const loader::Probe &probe : loader::try_probes())
        compare(probe);
    return 0;
}
