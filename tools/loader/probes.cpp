// SPDX-License-Identifier: MIT
#include "tools/loader/probes.h"

#include "lib/base/fd.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fstream>
#include <linux/perf_event.h>
#include <span>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr const char *kprobe_type = "/sys/bus/event_source/devices/kprobe/type";
constexpr const char *probe_name = "pinpipe_probe";

constexpr bpf_insn set_r0(int value) {
    return {.code = BPF_ALU64 | BPF_MOV | BPF_K,
            .dst_reg = BPF_REG_0,
            .src_reg = 0,
            .off = 0,
            .imm = value};
}

constexpr bpf_insn exit_insn = {
    .code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};

// Loads a program; sets errno if the kernel refuses it.
Fd load(bpf_prog_type type, const char *target, bpf_attach_type attach,
        std::span<const bpf_insn> code) {
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
    return Fd(bpf_prog_load(type, probe_name, "GPL", code.data(), code.size(), &options));
}

Fd load_nothing(bpf_prog_type type, const char *target, bpf_attach_type attach) {
    const bpf_insn code[] = {set_r0(0), exit_insn};
    return load(type, target, attach, code);
}

// A program that writes 1 into the only element of an array when it runs.
Fd load_mark(bpf_prog_type type, const char *target, bpf_attach_type attach, const Fd &array) {
    const bpf_insn code[] = {
        {.code = BPF_LD | BPF_IMM | BPF_DW, // r1 = address of the element
         .dst_reg = BPF_REG_1,
         .src_reg = BPF_PSEUDO_MAP_VALUE,
         .off = 0,
         .imm = array.get()},
        {},
        {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = 0, .off = 0, .imm = 1},
        set_r0(0),
        exit_insn,
    };
    return load(type, target, attach, code);
}

// Runs every function that the kinds below attach to: a socket is created, changes its state, and
// is released.
void use_socket() {
    const Fd used(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    static_cast<void>(listen(used.get(), 1));
}

// Attaches a program until the returned descriptor is closed; sets errno if that is refused.
using Attach = Fd (*)(const Fd &program, const char *target);

Fd attach_tracing(const Fd &program, const char *) {
    return Fd(bpf_raw_tracepoint_open(nullptr, program.get()));
}

Fd attach_kprobe(const Fd &program, const char *target) {
    Fd event = open_kprobe(target, false);
    if (event.valid() && ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program.get()) != 0)
        return Fd();
    return event;
}

struct Kind {
    const char *name;
    bpf_prog_type type;
    bpf_attach_type attach_type;
    const char *target;
    Attach attach;
};

constexpr Kind fentry_kind = {"fentry", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "inet_release",
                              attach_tracing};
constexpr Kind kprobe_kind = {"kprobe", BPF_PROG_TYPE_KPROBE, bpf_attach_type{}, "inet_release",
                              attach_kprobe};
constexpr Kind tracepoint_kind = {"tp_btf", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP,
                                  "inet_sock_set_state", attach_tracing};
// Also attaches on kernels without bpf among their LSMs, but never runs there.
constexpr Kind lsm_kind = {"lsm", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "socket_post_create",
                           attach_tracing};

Probe refused(const Kind &kind, int code) {
    return {kind.name, Grant::refused, code};
}

Probe try_kind(const Kind &kind) {
    const bool is_kprobe = kind.type == BPF_PROG_TYPE_KPROBE;
    if (is_kprobe && access(kprobe_type, F_OK) != 0)
        return {kind.name, Grant::absent, EOPNOTSUPP};
    const Fd array(bpf_map_create(BPF_MAP_TYPE_ARRAY, probe_name, sizeof(uint32_t),
                                  sizeof(uint64_t), 1, nullptr));
    if (!array.valid())
        return refused(kind, errno);
    const Fd program =
        load_mark(kind.type, is_kprobe ? nullptr : kind.target, kind.attach_type, array);
    if (!program.valid())
        return refused(kind, errno);
    const Fd link = kind.attach(program, kind.target);
    if (!link.valid())
        return refused(kind, errno);
    use_socket();
    const uint32_t first = 0;
    uint64_t mark = 0;
    if (bpf_map_lookup_elem(array.get(), &first, &mark) != 0)
        return refused(kind, errno);
    return {kind.name, mark ? Grant::yes : Grant::never_runs, 0};
}

} // namespace

Fd open_kprobe(const char *function, bool at_return) {
    unsigned type = 0;
    if (!(std::ifstream(kprobe_type) >> type)) {
        errno = EOPNOTSUPP;
        return Fd();
    }
    perf_event_attr attributes{};
    attributes.size = sizeof attributes;
    attributes.type = type;
    attributes.config = at_return; // bit 0, by the event source's format/retprobe
    attributes.config1 = reinterpret_cast<uintptr_t>(function);
    return Fd(static_cast<int>(
        syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
}

bool has_function(const std::string &name) {
    return open_kprobe(name.c_str(), false).valid() || errno != ENOENT;
}

bool grants_kprobe() {
    return try_kind(kprobe_kind).granted();
}

bool grants_fentry() {
    return try_kind(fentry_kind).granted();
}

bool grants_lsm_cgroup() {
    return load_nothing(BPF_PROG_TYPE_LSM, "socket_create", BPF_LSM_CGROUP).valid() &&
           try_kind(lsm_kind).granted();
}

// Of what rules need, this helper came last, with Linux 5.19.
Probe try_rules() {
    if (!load_nothing(BPF_PROG_TYPE_CGROUP_SKB, nullptr, BPF_CGROUP_INET_EGRESS).valid())
        return {"rules", Grant::refused, errno};
    const bool has =
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SKB, BPF_FUNC_skc_to_mptcp_sock, nullptr) == 1;
    return {"rules", has ? Grant::yes : Grant::absent, 0};
}

bool grants_rules() {
    return try_rules().granted();
}

std::optional<bool> compiles_programs() {
    const Fd program = load_nothing(BPF_PROG_TYPE_SOCKET_FILTER, nullptr, bpf_attach_type{});
    bpf_prog_info info{};
    __u32 size = sizeof info;
    if (!program.valid() || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0)
        return std::nullopt;
    return info.jited_prog_len != 0;
}

std::vector<Probe> try_probes() {
    return {try_kind(fentry_kind), try_kind(kprobe_kind), try_kind(tracepoint_kind),
            try_kind(lsm_kind)};
}

} // namespace pinpipe::loader
