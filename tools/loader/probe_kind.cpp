// SPDX-License-Identifier: MIT
#include "tools/loader/probe_kind.h"

#include "bpf/abi/control.h"
#include "tools/loader/probes.h"

#include <bpf/libbpf.h>

namespace pinpipe::loader {

std::optional<ProbeKind> parse_probe_kind(const std::string &name) {
    for (const ProbeKind kind : {ProbeKind::tracepoint, ProbeKind::fentry, ProbeKind::kprobe})
        if (name == probe_kind_name(kind))
            return kind;
    return std::nullopt;
}

const char *probe_kind_name(ProbeKind kind) {
    switch (kind) {
    case ProbeKind::fentry: return "fentry";
    case ProbeKind::kprobe: return "kprobe";
    case ProbeKind::tracepoint: break;
    }
    return "tracepoint";
}

uint32_t flag_of(ProbeKind kind) {
    switch (kind) {
    case ProbeKind::fentry: return HOOK_FENTRY;
    case ProbeKind::kprobe: return HOOK_KPROBE;
    case ProbeKind::tracepoint: break;
    }
    return 0;
}

ProbeKind kind_of(uint32_t flags) {
    return flags & HOOK_FENTRY   ? ProbeKind::fentry
           : flags & HOOK_KPROBE ? ProbeKind::kprobe
                                 : ProbeKind::tracepoint;
}

Result<ProbeKind> best_probe_kind() {
    const bool has_loop = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_loop, nullptr) == 1;
    if (has_loop && grants_fentry())
        return ProbeKind::fentry;
    if (libbpf_find_vmlinux_btf_id("sock_send_length", BPF_TRACE_RAW_TP) > 0)
        return ProbeKind::tracepoint; // preferred: kretprobes can miss returns
    if (has_loop && grants_kprobe())
        return ProbeKind::kprobe;
    return fail(failure("this kernel has no socket probes: they need fentry or kprobe and Linux "
                        "5.17, or the tracepoints of Linux 6.3")
                    .with_hint("sudo ebpf-load --check"));
}

} // namespace pinpipe::loader
