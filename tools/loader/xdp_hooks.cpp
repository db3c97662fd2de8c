// SPDX-License-Identifier: MIT
#include "tools/loader/xdp_hooks.h"

#include "lib/base/hash.h"
#include "lib/pins/links.h"
#include "tools/loader/egress.h"
#include "tools/loader/foreign.h"
#include "tools/loader/refusal.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

Result<void> publish_record(Run &run, const XdpStep &step) {
    Layout &layout = run.layout;
    const auto before = layout.hook(step.number);
    if (!before)
        return fail(before.error());
    run.undo.add([&layout, number = step.number, record = *before] {
        static_cast<void>(layout.set_hook(number, record));
    });
    return layout.set_hook(step.number, step.record);
}

// The caller must be in the interface's network namespace.
Result<XdpLink> attach_link(Run &run, XdpStep &step) {
    const auto foreign = find_foreign(step.interface, {});
    if (!foreign)
        return fail(foreign.error());
    if (*foreign && run.command.replace)
        if (auto gone = detach_foreign(run.netns, step.interface, **foreign, run.undo); !gone)
            return fail(gone.error());
    return attach_xdp(step.program, step.interface, step.mode, step.record.flags);
}

Result<void> update(Run &run, XdpStep &step) {
    if (auto updated =
            update_link(step.link, step.old_program, step.program, step.record.name, run.undo);
        !updated)
        return updated;
    return publish_record(run, step);
}

// Writes the record before attaching: readers look up an event's interface by the hook number.
Result<void> attach_new(Run &run, XdpStep &step) {
    if (auto published = publish_record(run, step); !published)
        return published;
    auto link = run.netns.inside([&] { return attach_link(run, step); });
    if (!link)
        return fail(link.error());
    step.link = std::move(link->fd);
    step.native_refused = link->native_refused;
    step.record.flags |= link->generic ? HOOK_GENERIC : 0;
    if (auto pinned = pin_link(run, step.link, "links/" + std::to_string(step.number)); !pinned)
        return pinned;
    return run.layout.set_hook(step.number, step.record);
}

// Whether the command names the record's interface. Compares names as of the time of attaching, so
// that interfaces that no longer exist can be named, too.
bool is_named(const hook_record &record, const Run &run) {
    if (record.kind != HOOK_XDP || record.netns != run.netns.inode())
        return false;
    for (const XdpRequest &request : run.command.xdp)
        if (request.interface == record.name)
            return true;
    return false;
}

} // namespace

uint64_t build_of(const Layout &layout, const XdpStep &step) {
    const uint64_t build = xdp_build(layout, step.number, step.record.flags);
    return step.record.flags & HOOK_SENT ? hash_value(build, egress_build()) : build;
}

Result<void> pin_link(Run &run, const Fd &link, const std::string &name) {
    const std::string staged = stage_path(run.pins) + "/" + name;
    const std::string place = run.pins.path(name);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(staged).parent_path(), ignored);
    run.undo.add([fd = link.get(), staged, place] {
        bpf_link_detach(fd);
        unlink(staged.c_str());
        unlink(place.c_str());
    });
    if (bpf_obj_pin(link.get(), staged.c_str()) != 0)
        return fail(kernel_error("pin " + staged, errno));
    chmod(staged.c_str(), 0600);
    return run.layout.is_new() ? Result<void>() : move_over(staged, place);
}

Result<void> update_link(const Fd &link, uint32_t old_id, const Program &program,
                         const std::string &what, Undo &undo) {
    const auto old_program = std::make_shared<Fd>(bpf_prog_get_fd_by_id(old_id));
    const int fd = link.get(), fresh = program.fd.get();
    LIBBPF_OPTS(bpf_link_update_opts, options);
    options.flags = BPF_F_REPLACE;
    options.old_prog_fd = static_cast<__u32>(old_program->get());
    if (!old_program->valid() || bpf_link_update(fd, fresh, &options) != 0)
        return fail(kernel_error("update the program of " + what, errno));
    undo.add([fd, fresh, old_program] {
        LIBBPF_OPTS(bpf_link_update_opts, back);
        back.flags = BPF_F_REPLACE;
        back.old_prog_fd = static_cast<__u32>(fresh);
        bpf_link_update(fd, old_program->get(), &back);
    });
    return {};
}

// An existing hook gets this build's program if it has another build's, or one that is not ours.
Result<void> XdpHooks::load(Run &run) {
    for (XdpStep &step : steps_) {
        if (!step.is_new && !step.is_outdated && build_of(run.layout, step) == step.record.build)
            continue;
        auto program = load_xdp(run, step.number, step.record.flags);
        if (!program)
            return fail(program.error());
        step.record.program = program->id;
        step.record.build = build_of(run.layout, step);
        step.program = std::move(*program);
    }
    return {};
}

Result<void> XdpHooks::attach(Run &run) {
    for (XdpStep &step : steps_) {
        if (!step.is_changed())
            continue;
        auto done = step.is_new ? attach_new(run, step) : update(run, step);
        if (!done)
            return done;
    }
    return {};
}

void XdpHooks::tell(const Run &run) const {
    for (const XdpStep &step : steps_) {
        if (!step.named && !step.is_changed())
            continue;
        const char *what = !step.is_changed() ? "unchanged"
                           : step.is_new      ? "attached"
                                              : "program replaced";
        if (step.native_refused)
            std::fprintf(stderr, "ebpf-load: %s: native mode refused: %s: generic mode\n",
                         step.record.name, refusal_reason(step.native_refused).c_str());
        std::fprintf(stderr, "ebpf-load: %s: XDP, %s mode, %s: %s\n", step.record.name,
                     step.record.flags & HOOK_GENERIC ? "generic" : "native", what,
                     run.pins.link(step.number).c_str());
        if (step.record.flags & HOOK_VLAN_OFFLOAD && step.is_new)
            std::fprintf(stderr,
                         "ebpf-load: %s: the hardware may take VLAN tags away before XDP sees them "
                         "(ethtool -k %s: rx-vlan-offload)\n",
                         step.record.name, step.record.name);
    }
}

Result<void> XdpHooks::check_unload(Run &run) {
    for (const XdpRequest &request : run.command.xdp) {
        bool found = false;
        for (unsigned number = 0; number < MAX_HOOKS && !found; number++) {
            const auto record = run.layout.hook(number);
            if (!record)
                return fail(record.error());
            found = record->kind == HOOK_XDP && record->netns == run.netns.inode() &&
                    request.interface == record->name;
        }
        if (!found)
            return fail(nothing_loaded(request.interface + " is not loaded"));
    }
    return {};
}

Result<void> XdpHooks::unload(Run &run) {
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = run.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (!is_named(*record, run))
            continue;
        detach_link(run.pins.link(number));
        detach_link(run.pins.sent_link(number));
        unlink(run.pins.sent_link(number).c_str());
        if (unlink(run.pins.link(number).c_str()) != 0 && errno != ENOENT)
            return fail(system_error("remove " + run.pins.link(number), errno));
        if (auto set = run.layout.set_hook(number, {}); !set)
            return set;
        std::fprintf(stderr, "ebpf-load: %s: unloaded\n", record->name);
    }
    const auto left = is_left(run);
    if (left && !*left)
        for (const char *object : {"xdp", "egress", ""})
            run.layout.forget_refused(object);
    return left ? Result<void>() : fail(left.error());
}

Result<bool> XdpHooks::is_left(Run &run) {
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const auto record = run.layout.hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind == HOOK_XDP)
            return true;
    }
    return false;
}

} // namespace pinpipe::loader
