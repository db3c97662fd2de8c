// SPDX-License-Identifier: MIT
#include "tools/loader/sockets.h"

#include "lib/pins/links.h"
#include "lib/system/clock.h"
#include "tools/loader/exists.h"
#include "tools/loader/iterator_link.h"
#include "tools/loader/object.h"
#include "tools/loader/refusal.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

Result<void> set_active(const Fd &active, uint64_t probe_set) {
    const switch_record record{.probe_set = probe_set};
    const __u32 zero = 0;
    if (bpf_map_update_elem(active.get(), &zero, &record, BPF_ANY) != 0)
        return fail(system_error("switch the socket programs", errno));
    return {};
}

bool is_at_work(const Pins &pins, unsigned number, const hook_record &record) {
    const auto link = open_link(pins.link(number));
    const auto state = link ? inspect_link(*link) : fail(Error{});
    return state && state->program == record.program;
}

// Runs the iterator over all sockets, which notes their owners. Where the kernel refuses the
// iterator, an owner is noted at its first use of the socket.
Result<void> look_at_sockets(const Pins &pins) {
    if (!exists(pins.path(bound_path)))
        return {};
    const auto link = open_link(pins.path(bound_path));
    return link ? run_iterator(*link, "list the sockets") : fail(link.error());
}

} // namespace

Result<void> Sockets::find_probe_set(Run &run) {
    const std::string path = run.path(active_map.path);
    if (!exists(path))
        return {};
    const auto active = open_map(path, active_map, Access::write);
    if (!active)
        return fail(active.error());
    switch_record record{};
    if (auto read = read_element(*active, 0, record, path); !read)
        return read;
    before_ = record.probe_set;
    return {};
}

Result<void> Sockets::find_present(Run &run) {
    for (unsigned number = 0; !run.layout.is_new() && number < MAX_HOOKS; number++) {
        const auto record = run.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_SOCKETS)
            continue;
        old_.push_back(number);
        if (!before_ || record->cgroup != before_)
            continue;
        if (!kind_)
            kind_ = kind_of(record->flags);
        if (is_at_work(run.pins, number, *record))
            present_.push_back(*record);
    }
    return {};
}

Result<void> Sockets::plan(Run &run) {
    kind_ = run.command.probe;
    if (auto found = find_probe_set(run); !found)
        return found;
    if (auto found = find_present(run); !found)
        return found;
    if (!run.command.sockets && !before_ && old_.empty())
        return {};
    if (!kind_) {
        const auto best = best_probe_kind();
        if (!best)
            return fail(best.error());
        kind_ = *best;
    }
    build_ = build_of_sockets(run.layout, *kind_);
    const size_t programs = count_socket_programs(run.layout, *kind_);
    const auto fresh = static_cast<size_t>(
        std::count_if(present_.begin(), present_.end(),
                      [&](const hook_record &record) { return record.build == build_; }));
    if (fresh == programs && old_.size() == programs) {
        outcome_ = Outcome::unchanged;
        old_.clear();
        return {};
    }
    outcome_ = before_ ? Outcome::replaced : Outcome::attached;
    return {};
}

Result<void> Sockets::load(Run &run) {
    if (outcome_ != Outcome::attached && outcome_ != Outcome::replaced)
        return {};
    probe_set_ = static_cast<uint64_t>(boot_now());
    auto programs = load_socket_programs(run, *kind_, probe_set_);
    if (!programs)
        return fail(programs.error());
    programs_ = std::move(*programs);
    auto active = open_map(run.path(active_map.path), active_map, Access::write);
    if (!active)
        return fail(active.error());
    active_ = std::move(*active);
    return {};
}

Result<void> Sockets::attach_list(Run &run, const SocketProgram &program) {
    const auto link = attach_iterator(program.program.fd, nullptr, *program.component);
    if (!link) {
        run.go_on_without(*program.component, link.error().code);
        return {};
    }
    for (const char *path : {bound_path, admin_bound_path})
        if (auto pinned = pin_over(*link, run.path(path), run.undo); !pinned)
            return pinned;
    return {};
}

Result<void> Sockets::attach_hook(Run &run, SocketProgram program) {
    const auto number = run.layout.free_hook();
    if (!number)
        return fail(number.error());
    const Component &component = *program.component;
    Fd link = attach_socket_program(program);
    if (!link.valid()) {
        const int code = errno;
        if (!component.is_optional())
            return fail(kernel_error_to_check(
                std::string("attach ") + component.name + " to " + component.where, code));
        run.go_on_without(component, code);
        return {};
    }
    Hook hook;
    hook.number = *number;
    hook.record.kind = HOOK_SOCKETS;
    hook.record.flags = flag_of(*kind_);
    hook.record.program = program.program.id;
    hook.record.cgroup = probe_set_;
    hook.record.build = build_;
    std::strncpy(hook.record.name, component.name, sizeof hook.record.name - 1);
    const std::string path = run.path("links/" + std::to_string(hook.number));
    run.undo.add([&layout = run.layout, number = hook.number, path] {
        unlink(path.c_str());
        static_cast<void>(layout.set_hook(number, {}));
    });
    if (bpf_obj_pin(link.get(), path.c_str()) != 0)
        return fail(kernel_error("pin " + path, errno));
    chmod(path.c_str(), 0600);
    if (auto set = run.layout.set_hook(hook.number, hook.record); !set)
        return set;
    hook.link = std::move(link);
    hook.program = std::move(program);
    hooks_.push_back(std::move(hook));
    return {};
}

Result<void> Sockets::attach(Run &run) {
    for (SocketProgram &program : programs_) {
        auto attached =
            program.is_iterator ? attach_list(run, program) : attach_hook(run, std::move(program));
        if (!attached)
            return attached;
    }
    return {};
}

Result<void> Sockets::publish(Run &run) {
    if (!is_there())
        return {};
    if (!hooks_.empty()) {
        run.undo.add([this] { static_cast<void>(set_active(active_, before_)); });
        if (auto set = set_active(active_, probe_set_); !set)
            return set;
    }
    return look_at_sockets(run.pins);
}

void Sockets::finish(Run &run) {
    for (const unsigned number : old_) {
        unlink(run.pins.link(number).c_str());
        static_cast<void>(run.layout.set_hook(number, {}));
    }
}

void Sockets::tell(const Run &run) const {
    const char *what = nullptr;
    switch (outcome_) {
    case Outcome::absent: return;
    case Outcome::unchanged: what = "unchanged"; break;
    case Outcome::attached: what = "attached"; break;
    case Outcome::replaced: what = "programs replaced"; break;
    }
    if (run.command.sockets || outcome_ != Outcome::unchanged)
        std::fprintf(stderr, "ebpf-load: sockets: %s probes, %s: %s\n", probe_kind_name(*kind_),
                     what, run.pins.path("links").c_str());
}

} // namespace pinpipe::loader
