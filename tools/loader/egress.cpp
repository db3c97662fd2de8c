// SPDX-License-Identifier: MIT
#include "tools/loader/egress.h"

#include "lib/base/hash.h"
#include "tools/loader/object.h"
#include "tools/loader/refusal.h"
#include "bpf/tc/egress.skel.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::loader {
namespace {

constexpr Elf egress_elf = {"egress", egress::elf_bytes};
constexpr auto tcx_egress = static_cast<bpf_attach_type>(47); // BPF_TCX_EGRESS, Linux 6.6

} // namespace

uint64_t egress_build() {
    return hash_bytes(hash_start, egress_elf.view());
}

Result<Program> load_egress(Run &run, unsigned number, uint32_t flags) {
    const auto object = load_object(
        {.elf = egress_elf,
         .constants = {{"hook_number", number, 1}, {"raw_ip", (flags & HOOK_RAW_IP) != 0, 1}}},
        run);
    if (!object)
        return fail(object.error());
    const auto programs = loaded_programs(*object);
    return programs.empty() ? Result<Program>(Program()) : keep_program(programs[0]);
}

// Asks for a link to an interface that does not exist: a kernel without such links answers EINVAL
// before it looks for the interface.
bool has_egress() {
    static const bool known = [] {
        const bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -1},
                                    {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
        const Fd program(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nothing", "GPL", nothing,
                                       std::size(nothing), nullptr));
        const Fd link(bpf_link_create(program.get(), INT32_MAX, tcx_egress, nullptr));
        return link.valid() || errno != EINVAL; // other errors are reported by attach_egress()
    }();
    return known;
}

Result<Fd> attach_egress(const Program &program, const Interface &interface) {
    Fd link(
        bpf_link_create(program.fd.get(), static_cast<int>(interface.index), tcx_egress, nullptr));
    if (!link.valid())
        return fail(
            kernel_error_to_check("attach see_sent to packets sent on " + interface.name, errno));
    return link;
}

} // namespace pinpipe::loader
