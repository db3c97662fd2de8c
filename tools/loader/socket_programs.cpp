// SPDX-License-Identifier: MIT
#include "tools/loader/socket_programs.h"

#include "lib/base/hash.h"
#include "tools/loader/iterator_link.h"
#include "tools/loader/object.h"
#include "tools/loader/probes.h"
#include "tools/loader/refusal.h"
#include "bpf/sockets/connections.skel.h"
#include "bpf/sockets/fentry.skel.h"
#include "bpf/sockets/kprobe.skel.h"
#include "bpf/sockets/open_sockets.skel.h"
#include "bpf/sockets/processes.skel.h"
#include "bpf/sockets/tracepoint.skel.h"

#include <array>
#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::loader {
namespace {

using Elves = std::array<Elf, 4>;

// The object that counts bytes, one for each kind, and the objects that all kinds have.
Elves elves_of(ProbeKind kind) {
    Elf counting = {"tracepoint", tracepoint::elf_bytes};
    if (kind == ProbeKind::fentry)
        counting = {"fentry", fentry::elf_bytes};
    if (kind == ProbeKind::kprobe)
        counting = {"kprobe", kprobe::elf_bytes};
    return {{counting,
             {"connections", connections::elf_bytes},
             {"open_sockets", open_sockets::elf_bytes},
             {"processes", processes::elf_bytes}}};
}

std::vector<Constant> constants_of(const Layout &layout, ProbeKind kind) {
    return {{"ring_size", layout.abi().ring_size, 4},
            {"reader_slots", layout.abi().readers, 4},
            {"payload_limit", layout.payload(), 4},
            {"udp_ends_with_process", kind == ProbeKind::tracepoint, 4}};
}

bool is_kprobe(const bpf_program *program) {
    return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE;
}

// "inet_sendmsg" of "kretprobe/inet_sendmsg"
std::string target_of(const bpf_program *program) {
    const std::string section = bpf_program__section_name(program);
    return section.substr(section.find('/') + 1);
}

bool at_return(const bpf_program *program) {
    return std::string(bpf_program__section_name(program)).rfind("kretprobe/", 0) == 0;
}

// Leaves out programs for functions that this kernel lacks, since others do their work there; and
// for functions of modules that are not loaded.
bool is_wanted(const bpf_program *program) {
    const std::string target = target_of(program);
    if (is_kprobe(program))
        return has_function(target);
    return target != "inet_sendpage" ||
           libbpf_find_vmlinux_btf_id(target.c_str(), BPF_TRACE_FEXIT) > 0;
}

Result<SocketProgram> keep(const Elf &elf, const bpf_program *program) {
    auto kept = keep_program(program);
    if (!kept)
        return fail(kept.error());
    SocketProgram result;
    result.program = std::move(*kept);
    result.component = &component_of(elf, program);
    result.is_iterator = is_iterator(program);
    if (is_kprobe(program)) {
        result.function = target_of(program);
        result.at_return = at_return(program);
    }
    return result;
}

// Called before loading: the kernel also loads kprobe programs where it lets none be attached.
Result<void> check_kind(ProbeKind kind) {
    if (kind == ProbeKind::kprobe && !grants_kprobe())
        return fail(kernel_error_to_check("load the kprobe probes of sockets", errno));
    return {};
}

} // namespace

uint64_t build_of_sockets(const Layout &layout, ProbeKind kind) {
    uint64_t state = hash_value(hash_start, map_id(layout.map(wanted_map)));
    for (const MapSpec *spec : watch_maps)
        state = hash_value(state, map_id(layout.map(*spec)));
    for (const Constant &constant : constants_of(layout, kind))
        state = hash_value(state, constant.value);
    for (const Elf &elf : elves_of(kind))
        state = hash_bytes(state, elf.view());
    return state;
}

size_t count_socket_programs(const Layout &layout, ProbeKind kind) {
    size_t programs = 0;
    for (const Elf &elf : elves_of(kind)) {
        const auto object = open_object(elf);
        bpf_program *program = nullptr;
        if (object)
            bpf_object__for_each_program(program, object->get()) {
                const Component &component = component_of(elf, program);
                const bool refused = component.is_optional() && layout.refused(component.number);
                programs += is_wanted(program) && !is_iterator(program) && !refused;
            }
    }
    return programs;
}

void forget_refused_of_sockets(Layout &layout) {
    for (const char *object : {"tracepoint", "open_sockets"})
        layout.forget_refused(object);
}

Result<std::vector<SocketProgram>> load_socket_programs(Run &run, ProbeKind kind,
                                                        uint64_t probe_set) {
    std::vector<SocketProgram> programs;
    if (auto fits = check_kind(kind); !fits)
        return fail(fits.error());
    forget_refused_of_sockets(run.layout);
    for (const Elf &elf : elves_of(kind)) {
        ObjectPlan plan{.elf = elf,
                        .constants = constants_of(run.layout, kind),
                        .own = socket_maps,
                        .wants = is_wanted};
        plan.constants.push_back({"probe_set", probe_set, 8});
        const auto object = load_object(plan, run);
        if (!object)
            return fail(object.error());
        for (const bpf_program *program : loaded_programs(*object)) {
            auto kept = keep(elf, program);
            if (!kept)
                return fail(kept.error());
            programs.push_back(std::move(*kept));
        }
    }
    return programs;
}

Fd attach_socket_program(const SocketProgram &program) {
    if (program.function.empty())
        return Fd(bpf_raw_tracepoint_open(nullptr, program.program.fd.get()));
    const Fd event = open_kprobe(program.function.c_str(), program.at_return);
    if (!event.valid())
        return Fd();
    return Fd(bpf_link_create(program.program.fd.get(), event.get(), BPF_PERF_EVENT, nullptr));
}

} // namespace pinpipe::loader
