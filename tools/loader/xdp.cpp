// SPDX-License-Identifier: MIT
#include "tools/loader/xdp.h"

#include "lib/base/hash.h"
#include "tools/loader/object.h"
#include "tools/loader/refusal.h"
#include "bpf/xdp/xdp.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <linux/if_link.h>

namespace pinpipe::loader {
namespace {

constexpr Elf xdp_elf = {"xdp", xdp::elf_bytes};

const char *program_name(uint32_t flags) {
    return flags & HOOK_FRAGS ? "see_frags" : "see_packet";
}

Result<Object> load_for(Run &run, unsigned number, uint32_t flags) {
    const std::string name = program_name(flags);
    return load_object(
        {.elf = xdp_elf,
         .constants = {{"hook_number", number, 1},
                       {"raw_ip", (flags & HOOK_RAW_IP) != 0, 1},
                       {"ring_size", run.layout.abi().ring_size, 4},
                       {"reader_slots", run.layout.abi().readers, 4}},
         .wants = [&](const bpf_program *program) { return bpf_program__name(program) == name; }},
        run);
}

Fd make_link(const Program &program, const Interface &interface, Mode mode) {
    LIBBPF_OPTS(bpf_link_create_opts, options);
    options.flags = mode == Mode::native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
    return Fd(
        bpf_link_create(program.fd.get(), static_cast<int>(interface.index), BPF_XDP, &options));
}

Error attach_error(const Interface &interface, Mode mode, uint32_t flags, int code) {
    const char *how = mode == Mode::native ? " in native mode" : "";
    Error error = kernel_error_to_check(
        std::string("attach ") + program_name(flags) + " to " + interface.name + how, code);
    if (mode == Mode::native)
        error.hint = "sudo ebpf-load --xdp " + interface.name + ":generic";
    return error;
}

} // namespace

uint32_t frags_flag(const Layout &layout) {
    static const int known =
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, nullptr);
    return known == 1 && !layout.refused(OPTIONAL_SEE_FRAGS) ? HOOK_FRAGS : 0;
}

uint64_t xdp_build(const Layout &layout, unsigned number, uint32_t flags) {
    uint64_t state = hash_bytes(hash_start, xdp_elf.view());
    for (const MapSpec *spec : watch_maps)
        state = hash_value(state, map_id(layout.map(*spec)));
    state = hash_value(state, number);
    state = hash_value(state, flags & (HOOK_RAW_IP | HOOK_FRAGS | HOOK_SENT));
    state = hash_value(state, layout.abi().ring_size);
    state = hash_value(state, layout.abi().readers);
    return hash_value(state, map_id(layout.map(wanted_map)));
}

Result<Program> load_xdp(Run &run, unsigned number, uint32_t &flags) {
    auto object = load_for(run, number, flags);
    if (!object)
        return fail(object.error());
    auto programs = loaded_programs(*object);
    if (programs.empty()) { // the kernel refused see_frags
        flags &= ~HOOK_FRAGS;
        object = load_for(run, number, flags);
        if (!object)
            return fail(object.error());
        programs = loaded_programs(*object);
    }
    return keep_program(programs.at(0));
}

Result<XdpLink> attach_xdp(const Program &program, const Interface &interface, Mode mode,
                           uint32_t flags) {
    XdpLink link;
    if (mode != Mode::generic) {
        link.fd = make_link(program, interface, Mode::native);
        if (link.fd.valid())
            return link;
        const int code = errno;
        if (mode == Mode::native || code == EBUSY || code == EEXIST)
            return fail(attach_error(interface, mode, flags, code));
        link.native_refused = code == EOPNOTSUPP ? 0 : code; // the driver has none
    }
    link.generic = true;
    link.fd = make_link(program, interface, Mode::generic);
    if (!link.fd.valid())
        return fail(attach_error(interface, mode, flags, errno));
    return link;
}

} // namespace pinpipe::loader
