#include "tools/loader/probes.h"

#include "lib/base/fd.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fstream>
#include <linux/perf_event.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// r0 = 0; exit
constexpr bpf_insn nothing[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
};

Fd load(bpf_prog_type type, const char *target, bpf_attach_type attach) {
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.expected_attach_type = attach;
    if (target) {
        const int id = libbpf_find_vmlinux_btf_id(target, attach);
        if (id <= 0) {
            errno = id ? -id : ENOENT;
            return Fd();
        }
        options.attach_btf_id = static_cast<__u32>(id);
    }
    return Fd(bpf_prog_load(type, "pinpipe_probe", "GPL", nothing, std::size(nothing), &options));
}

Probe try_tracing(const char *name, bpf_prog_type type, const char *target,
                  bpf_attach_type attach) {
    const Fd program = load(type, target, attach);
    if (!program.valid())
        return {name, false, errno};
    const Fd link(bpf_raw_tracepoint_open(nullptr, program.get()));
    return {name, link.valid(), link.valid() ? 0 : errno};
}

// LSM programs load and attach on kernels where they never fire: those that did not put bpf among
// their LSMs.
bool has_bpf_lsm() {
    std::string list;
    std::getline(std::ifstream("/sys/kernel/security/lsm"), list);
    return ("," + list + ",").find(",bpf,") != std::string::npos;
}

Probe try_lsm() {
    const Probe probe = try_tracing("lsm", BPF_PROG_TYPE_LSM, "socket_post_create", BPF_LSM_MAC);
    if (probe.granted && !has_bpf_lsm())
        return {"lsm", false, EOPNOTSUPP};
    return probe;
}

Probe try_kprobe() {
    const Fd program = load(BPF_PROG_TYPE_KPROBE, nullptr, bpf_attach_type{});
    if (!program.valid())
        return {"kprobe", false, errno};
    const Fd event = open_kprobe("inet_release", false);
    if (!event.valid())
        return {"kprobe", false, errno};
    const bool set = ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program.get()) == 0;
    return {"kprobe", set, set ? 0 : errno};
}

} // namespace

Fd open_kprobe(const char *function, bool at_return) {
    unsigned type = 0;
    if (!(std::ifstream("/sys/bus/event_source/devices/kprobe/type") >> type)) {
        errno = EOPNOTSUPP;
        return Fd();
    }
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.type = type;
    attributes.config = at_return; // as the format file retprobe says: config:0
    attributes.config1 = reinterpret_cast<uintptr_t>(function);
    return Fd(static_cast<int>(
        syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
}

bool has_function(const std::string &name) {
    return open_kprobe(name.c_str(), false).valid() || errno != ENOENT;
}

bool grants_kprobe() {
    return try_kprobe().granted;
}

bool grants_fentry() {
    return try_tracing("fentry", BPF_PROG_TYPE_TRACING, "inet_release", BPF_TRACE_FENTRY).granted;
}

bool grants_lsm_cgroup() {
    return has_bpf_lsm() && load(BPF_PROG_TYPE_LSM, "socket_create", BPF_LSM_CGROUP).valid();
}

// The last that came of what they need: 5.19 has it.
bool grants_rules() {
    return libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SKB, BPF_FUNC_skc_to_mptcp_sock, nullptr) ==
           1;
}

std::vector<Probe> try_probes() {
    return {
        try_tracing("fentry", BPF_PROG_TYPE_TRACING, "inet_release", BPF_TRACE_FENTRY),
        try_kprobe(),
        try_tracing("tp_btf", BPF_PROG_TYPE_TRACING, "inet_sock_set_state", BPF_TRACE_RAW_TP),
        try_lsm(),
    };
}

} // namespace pinpipe::loader
