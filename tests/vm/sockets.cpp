// SPDX-License-Identifier: MIT
// usage: vm-sockets
//
// Tries each program of sockets and rules: whether it loads on this kernel, and how many
// instructions the verifier processes. Attaches nothing. Leaves out kinds of probes that this
// kernel lacks: tests/vm/inside reports them.
//
// Standard output: lines in the format of tests/vm/inside.
#include "bpf/abi/control.h"
#include "bpf/abi/rules.h"
#include "bpf/abi/watches.h"
#include "lib/base/error.h"
#include "tests/vm/cells.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cstring>
#include <memory>
#include <vector>

#include "bpf/readers/pgid.skel.h"
#include "bpf/rules/cgroup.skel.h"
#include "bpf/rules/relabel.skel.h"
#include "bpf/sockets/connections.skel.h"
#include "bpf/sockets/fentry.skel.h"
#include "bpf/sockets/kprobe.skel.h"
#include "bpf/sockets/open_sockets.skel.h"
#include "bpf/sockets/processes.skel.h"
#include "bpf/sockets/tracepoint.skel.h"
#include "bpf/tc/egress.skel.h"

namespace pinpipe {
namespace {

struct Elf {
    const char *name;
    const void *(*bytes)(size_t *);
};
constexpr Elf elves[] = {{"tracepoint", tracepoint::elf_bytes},
                         {"fentry", fentry::elf_bytes},
                         {"kprobe", kprobe::elf_bytes},
                         {"connections", connections::elf_bytes},
                         {"open_sockets", open_sockets::elf_bytes},
                         {"processes", processes::elf_bytes},
                         {"cgroup", cgroup::elf_bytes},
                         {"relabel", relabel::elf_bytes},
                         {"pgid", pgid::elf_bytes},
                         {"egress", egress::elf_bytes}};

// Whether this kernel lacks the program's target: all of its kind, or a function of older kernels.
bool is_absent(const bpf_program *program) {
    if (bpf_program__expected_attach_type(program) == BPF_TRACE_ITER ||
        bpf_program__type(program) != BPF_PROG_TYPE_TRACING)
        return false;
    const std::string section = bpf_program__section_name(program);
    const std::string target = section.substr(section.find('/') + 1);
    return libbpf_find_vmlinux_btf_id(target.c_str(), bpf_program__expected_attach_type(program)) <=
           0;
}

void try_program(const Elf &elf, const std::string &name) {
    size_t size = 0;
    const void *const bytes = elf.bytes(&size);
    LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = elf.name);
    const std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object(
        bpf_object__open_mem(bytes, size, &options), bpf_object__close);
    bpf_program *program = nullptr, *wanted = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        bpf_program__set_autoload(program, name == bpf_program__name(program));
        if (name == bpf_program__name(program))
            wanted = program;
    }
    const std::string cell = std::string(elf.name) + "/" + name;
    if (is_absent(wanted))
        return;
    std::vector<char> log(1 << 20);
    constexpr uint32_t statistics = 4; // log level: statistics, and errors
    bpf_program__set_log_buf(wanted, log.data(), log.size());
    bpf_program__set_log_level(wanted, statistics);
    if (const int code = bpf_object__load(object.get()); code != 0) {
        print_cell(cell + ": loads", "limit", reason(-code));
        return;
    }
    print_cell(cell + ": loads", "pass", "");
    unsigned cost = 0;
    const char *const said = std::strstr(log.data(), "processed ");
    if (said && std::sscanf(said, "processed %u insns", &cost) == 1)
        std::printf("cost\t%s\t%u\n", cell.c_str(), cost);
}

void try_all(const Elf &elf) {
    size_t size = 0;
    const void *const bytes = elf.bytes(&size);
    const std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object(
        bpf_object__open_mem(bytes, size, nullptr), bpf_object__close);
    std::vector<std::string> names;
    bpf_program *program = nullptr;
    if (object)
        bpf_object__for_each_program(program, object.get())
            names.emplace_back(bpf_program__name(program));
    if (names.empty())
        print_cell(elf.name, "fail", "no programs in the object");
    for (const std::string &name : names)
        try_program(elf, name);
}

} // namespace
} // namespace pinpipe

int main() {
    libbpf_set_print(nullptr);
    for (const pinpipe::Elf &elf : pinpipe::elves)
        pinpipe::try_all(elf);
}
