#include "tools/loader/sockets.h"

#include "lib/base/hash.h"
#include "lib/pins/links.h"
#include "lib/system/clock.h"
#include "tools/loader/iterator.h"
#include "tools/loader/object.h"
#include "tools/loader/probes.h"
#include "tools/loader/watches.h"
#include "bpf/sockets/connections.skel.h"
#include "bpf/sockets/fentry.skel.h"
#include "bpf/sockets/kprobe.skel.h"
#include "bpf/sockets/open_sockets.skel.h"
#include "bpf/sockets/processes.skel.h"
#include "bpf/sockets/tracepoint.skel.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr const char *listing = "list the sockets";

constexpr Elf tracepoint_elves[] = {{"tracepoint", tracepoint::elf_bytes},
                                    {"connections", connections::elf_bytes},
                                    {"open_sockets", open_sockets::elf_bytes},
                                    {"processes", processes::elf_bytes}};
constexpr Elf fentry_elves[] = {{"fentry", fentry::elf_bytes},
                                {"connections", connections::elf_bytes},
                                {"open_sockets", open_sockets::elf_bytes},
                                {"processes", processes::elf_bytes}};

constexpr Elf kprobe_elves[] = {{"kprobe", kprobe::elf_bytes},
                                {"connections", connections::elf_bytes},
                                {"open_sockets", open_sockets::elf_bytes},
                                {"processes", processes::elf_bytes}};

std::span<const Elf> elves_of(ProbeKind kind) {
    switch (kind) {
    case ProbeKind::fentry: return fentry_elves;
    case ProbeKind::kprobe: return kprobe_elves;
    case ProbeKind::tracepoint: break;
    }
    return tracepoint_elves;
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

// Functions that some kernels do not have, and whose work others do there; or of modules that are
// not loaded.
bool is_left_out(const bpf_program *program) {
    const std::string target = target_of(program);
    if (is_kprobe(program))
        return !has_function(target);
    return target == "inet_sendpage" &&
           libbpf_find_vmlinux_btf_id(target.c_str(), BPF_TRACE_FEXIT) <= 0;
}

// Constants of the programs, besides the set's number.
struct Constant {
    const char *name;
    uint32_t value;
};

std::array<Constant, 4> constants_of(const Layout &layout, ProbeKind kind) {
    return {{{"ring_size", layout.abi().ring_size},
             {"reader_slots", layout.abi().readers},
             {"payload_limit", layout.payload()},
             {"udp_ends_with_process", kind == ProbeKind::tracepoint}}};
}

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

size_t count_programs(ProbeKind kind) {
    size_t programs = 0;
    for (const Elf &elf : elves_of(kind)) {
        const auto object = open_object(elf);
        bpf_program *program = nullptr;
        if (object)
            bpf_object__for_each_program(program, object->get()) programs +=
                !is_left_out(program) && !is_iterator(program);
    }
    return programs;
}

bool exists(const std::string &path) {
    return access(path.c_str(), F_OK) == 0;
}

Result<uint64_t> set_at_work(const Fd &active) {
    switch_record record{};
    if (auto read = read_element(active, 0, record, "the active map"); !read)
        return fail(read.error());
    return record.set;
}

Result<void> set_active(const Fd &active, uint64_t set) {
    const switch_record record{.set = set};
    const __u32 zero = 0;
    if (bpf_map_update_elem(active.get(), &zero, &record, BPF_ANY) != 0)
        return fail(system_error("switch the socket programs", errno));
    return {};
}

Error not_loaded(ProbeKind kind, int code) {
    return system_error(std::string("load the ") + probe_kind_name(kind) + " probes of sockets",
                        code)
        .with_hint("sudo ebpf-load --check; with -v: the kernel's log");
}

bool is_at_work(const Pins &pins, unsigned number, const hook_record &record) {
    const auto link = open_link(pins.link(number));
    const auto state = link ? inspect_link(*link) : fail(Error{});
    return state && state->program == record.program;
}

} // namespace

Result<void> Sockets::load(const Pins &pins, const Layout &layout, Undo &undo) {
    const std::string root = layout.root(pins);
    const uint64_t build = build_of_sockets(layout, kind_);
    if (kind_ == ProbeKind::kprobe && !grants_kprobe())
        return fail(not_loaded(kind_, errno));
    set_ = static_cast<uint64_t>(boot_now());
    for (const Elf &elf : elves_of(kind_)) {
        const auto opened = open_object(elf);
        if (!opened)
            return fail(opened.error());
        const Object &object = *opened;
        set_constant(object, "set_number", &set_, sizeof set_);
        for (const Constant &constant : constants_of(layout, kind_))
            set_constant(object, constant.name, &constant.value, sizeof constant.value);
        if (auto shared = reuse_maps(object, layout, root, socket_maps); !shared)
            return shared;
        bpf_program *program = nullptr;
        bpf_object__for_each_program(program, object.get())
            bpf_program__set_autoload(program, !is_left_out(program));
        if (const int code = bpf_object__load(object.get()); code != 0)
            return fail(not_loaded(kind_, -code));
        if (auto pinned = pin_maps(object, root, socket_maps, undo); !pinned)
            return pinned;
        bpf_object__for_each_program(program, object.get()) {
            if (!bpf_program__autoload(program))
                continue;
            Hook hook;
            hook.program = keep_program(program);
            if (is_iterator(program)) {
                iterator_ = std::move(hook.program);
                continue;
            }
            const auto id = program_id(hook.program.get());
            if (!id)
                return fail(id.error());
            hook.record.kind = HOOK_SOCKETS;
            hook.record.flags = flag_of(kind_);
            if (is_kprobe(program)) {
                hook.function = target_of(program);
                hook.at_return = at_return(program);
            }
            hook.record.program = *id;
            hook.record.cgroup = set_;
            hook.record.build = build;
            std::strncpy(hook.record.name, bpf_program__name(program), sizeof hook.record.name - 1);
            hooks_.push_back(std::move(hook));
        }
    }
    return {};
}

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

Result<ProbeKind> best_probe_kind() {
    const bool has_loop = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_loop, nullptr) == 1;
    if (has_loop && grants_fentry())
        return ProbeKind::fentry;
    if (libbpf_find_vmlinux_btf_id("sock_send_length", BPF_TRACE_RAW_TP) > 0)
        return ProbeKind::tracepoint; // before kprobes: no return of a function is missed
    if (has_loop && grants_kprobe())
        return ProbeKind::kprobe;
    return fail(failure("this kernel has no socket probes: they need fentry or kprobe and Linux "
                        "5.17, or the tracepoints of Linux 6.3")
                    .with_hint("sudo ebpf-load --check"));
}

Result<Sockets> Sockets::plan(const Pins &pins, Layout &layout, bool wanted,
                              std::optional<ProbeKind> kind, Undo &undo) {
    Sockets sockets;
    const std::string active_path = layout.root(pins) + "/" + active_map.path;
    if (exists(active_path)) {
        auto active = open_map(active_path, active_map, Access::write);
        const auto set = active ? set_at_work(*active) : fail(active.error());
        if (!set)
            return fail(set.error());
        sockets.before_ = *set;
    }
    std::vector<hook_record> present;
    for (unsigned number = 0; !layout.is_new() && number < MAX_HOOKS; number++) {
        const auto record = layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_SOCKETS)
            continue;
        sockets.old_.push_back(number);
        if (!sockets.before_ || record->cgroup != sockets.before_)
            continue;
        if (!kind) // what there is stays
            kind = kind_of(record->flags);
        if (is_at_work(pins, number, *record))
            present.push_back(*record);
    }
    if (!wanted && !sockets.before_ && sockets.old_.empty())
        return sockets;
    if (!kind) {
        const auto best = best_probe_kind();
        if (!best)
            return fail(best.error());
        kind = *best;
    }
    sockets.kind_ = *kind;
    const uint64_t build = build_of_sockets(layout, *kind);
    const size_t programs = count_programs(*kind);
    const auto fresh = static_cast<size_t>(
        std::count_if(present.begin(), present.end(),
                      [&](const hook_record &record) { return record.build == build; }));
    if (fresh == programs && sockets.old_.size() == programs) {
        sockets.outcome_ = Outcome::unchanged;
        sockets.old_.clear();
        return sockets;
    }
    if (auto loaded = sockets.load(pins, layout, undo); !loaded)
        return fail(loaded.error());
    auto active = open_map(active_path, active_map, Access::write);
    if (!active)
        return fail(active.error());
    sockets.active_ = std::move(*active);
    sockets.outcome_ = sockets.before_ ? Outcome::replaced : Outcome::attached;
    return sockets;
}

// Nothing: errno says why.
Fd Sockets::attach_program(const Hook &hook) {
    if (hook.function.empty())
        return Fd(bpf_raw_tracepoint_open(nullptr, hook.program.get()));
    const Fd event = open_kprobe(hook.function.c_str(), hook.at_return);
    if (!event.valid())
        return Fd();
    return Fd(bpf_link_create(hook.program.get(), event.get(), BPF_PERF_EVENT, nullptr));
}

Result<void> Sockets::attach(const Pins &pins, Layout &layout, Undo &undo) {
    if (iterator_.valid()) {
        auto link = attach_iterator(iterator_, nullptr, listing);
        if (!link)
            return fail(link.error());
        iterator_link_ = std::move(*link);
        for (const char *path : {bound_path, admin_bound_path})
            if (auto pinned = pin_over(iterator_link_, layout.root(pins) + "/" + path, undo);
                !pinned)
                return pinned;
    }
    for (Hook &hook : hooks_) {
        const auto number = layout.free_hook();
        if (!number)
            return fail(number.error());
        hook.number = *number;
        hook.link = attach_program(hook);
        if (!hook.link.valid())
            return fail(system_error(std::string("attach ") + hook.record.name, errno));
        const std::string path = layout.root(pins) + "/links/" + std::to_string(hook.number);
        undo.add([&layout, number = hook.number, path] {
            unlink(path.c_str());
            static_cast<void>(layout.set_hook(number, {}));
        });
        if (bpf_obj_pin(hook.link.get(), path.c_str()) != 0)
            return fail(system_error("pin " + path, errno));
        chmod(path.c_str(), 0600);
        if (auto set = layout.set_hook(hook.number, hook.record); !set)
            return set;
    }
    return {};
}

Result<void> Sockets::start(Undo &undo) {
    if (hooks_.empty())
        return {};
    undo.add([this] { static_cast<void>(set_active(active_, before_)); });
    if (auto set = set_active(active_, set_); !set)
        return set;
    return {};
}

// Owners of the sockets that are there, and of watched ports for hooks that are new.
Result<void> Sockets::look(const Pins &pins) const {
    if (outcome_ == Outcome::absent)
        return {};
    const auto link = open_link(pins.path(bound_path));
    return link ? run_iterator(*link, listing) : fail(link.error());
}

void Sockets::finish(const Pins &pins, Layout &layout) const {
    for (const unsigned number : old_) {
        unlink(pins.link(number).c_str());
        static_cast<void>(layout.set_hook(number, {}));
    }
}

void stop_sockets(const Pins &pins) {
    if (const auto active = open_map(pins.path(active_map.path), active_map, Access::write))
        static_cast<void>(set_active(*active, 0));
}

Result<bool> unload_sockets(const Pins &pins, Layout &layout) {
    stop_sockets(pins);
    bool found = false;
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_SOCKETS)
            continue;
        found = true;
        if (unlink(pins.link(number).c_str()) != 0 && errno != ENOENT)
            return fail(system_error("remove " + pins.link(number), errno));
        if (auto set = layout.set_hook(number, {}); !set)
            return fail(set.error());
    }
    if (auto forgotten = forget_claims(layout); !forgotten)
        return fail(forgotten.error());
    for (const MapSpec *spec : socket_maps)
        if (spec != &exes_map)
            unlink(pins.path(spec->path).c_str());
    for (const char *path : {bound_path, admin_bound_path})
        unlink(pins.path(path).c_str());
    return found;
}

} // namespace pinpipe::loader
