#include "tools/loader/egress.h"

#include "lib/base/hash.h"
#include "tools/loader/object.h"
#include "bpf/tc/egress.skel.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <net/if.h>

namespace pinpipe::loader {
namespace {

constexpr Elf elf = {"egress", egress::elf_bytes};
constexpr auto tcx_egress = static_cast<bpf_attach_type>(47); // BPF_TCX_EGRESS, Linux 6.6

} // namespace

uint64_t egress_build() {
    return hash_bytes(hash_start, elf.view());
}

Result<Program> load_egress(const Layout &layout, unsigned number, uint32_t flags) {
    const auto object = open_object(elf);
    if (!object)
        return fail(object.error());
    const auto hook = static_cast<__u8>(number);
    const bool raw_ip = flags & HOOK_RAW_IP;
    set_constant(*object, "hook_number", &hook, sizeof hook);
    set_constant(*object, "raw_ip", &raw_ip, sizeof raw_ip);
    if (auto shared = reuse_maps(*object, layout, "", {}); !shared)
        return fail(shared.error());
    if (const int code = bpf_object__load(object->get()); code != 0)
        return fail(system_error("load see_sent", -code)
                        .with_hint("sudo ebpf-load --check; with -v: the kernel's log"));
    Program loaded;
    loaded.fd = keep_program(bpf_object__next_program(object->get(), nullptr));
    const auto id = program_id(loaded.fd.get());
    if (!id)
        return fail(id.error());
    loaded.id = *id;
    return loaded;
}

// On no interface: a kernel that does not know such links finds that out first.
bool has_egress() {
    static const bool known = [] {
        const bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -1},
                                    {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
        const Fd program(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nothing", "GPL", nothing,
                                       std::size(nothing), nullptr));
        const Fd link(bpf_link_create(program.get(), INT32_MAX, tcx_egress, nullptr));
        return link.valid() || errno != EINVAL; // whatever else fails is told when it is attached
    }();
    return known;
}

Result<Fd> attach_egress(const Program &program, const Interface &interface) {
    Fd link(
        bpf_link_create(program.fd.get(), static_cast<int>(interface.index), tcx_egress, nullptr));
    if (!link.valid())
        return fail(system_error("attach to what " + interface.name + " sends", errno));
    return link;
}

} // namespace pinpipe::loader
