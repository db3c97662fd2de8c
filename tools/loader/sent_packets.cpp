// SPDX-License-Identifier: MIT
#include "tools/loader/sent_packets.h"

#include "lib/pins/links.h"
#include "tools/loader/egress.h"
#include "tools/loader/refusal.h"

#include <algorithm>

namespace pinpipe::loader {
namespace {

// Opens the hook's link. If others detached it, it is made again only if the command names the
// interface; until then the packets that it sends are not counted.
void look_at_link(const Run &run, XdpStep &step) {
    if (!(step.record.flags & HOOK_SENT))
        return;
    auto link = open_link(run.pins.sent_link(step.number));
    const auto state = link ? inspect_link(*link) : fail(Error{});
    if (!state || !state->attached) {
        step.record.flags &= ~HOOK_SENT;
        return;
    }
    step.sent_link = std::move(*link);
    step.is_outdated = step.is_outdated || state->program != step.record.cgroup;
}

const Component &see_sent() {
    return *find_optional(OPTIONAL_SEE_SENT);
}

void go_on_without(Run &run, XdpStep &step, int code) {
    step.record.flags &= ~HOOK_SENT;
    step.record.cgroup = 0;
    step.record.build = build_of(run.layout, step);
    const auto is_told = [](const Refused &refused) { return refused.component == &see_sent(); };
    if (std::none_of(run.refused.begin(), run.refused.end(), is_told))
        run.go_on_without(see_sent(), code);
}

} // namespace

// Sets HOOK_SENT before XdpHooks::load(), since the flag is part of the hook's build.
Result<void> SentPackets::plan(Run &run) {
    for (XdpStep &step : hooks_.steps()) {
        look_at_link(run, step);
        const bool is_hopeless = !step.is_new && run.layout.refused(OPTIONAL_SEE_SENT);
        if (step.sent_link.valid() || !step.named || !has_egress() || is_hopeless)
            continue;
        step.record.flags |= HOOK_SENT;
        step.is_outdated = true; // a killed load or somebody else left it without
    }
    return {};
}

Result<void> SentPackets::load(Run &run) {
    for (XdpStep &step : hooks_.steps()) {
        if (!step.is_changed() || !(step.record.flags & HOOK_SENT))
            continue;
        auto program = load_egress(run, step.number, step.record.flags);
        if (!program)
            return fail(program.error());
        if (!program->fd.valid() && step.sent_link.valid()) // the old program stays attached
            return fail(kernel_error_to_check("load " + component_text(see_sent()),
                                              run.layout.refused(OPTIONAL_SEE_SENT)));
        if (!program->fd.valid()) {
            go_on_without(run, step, run.layout.refused(OPTIONAL_SEE_SENT));
            continue;
        }
        step.record.cgroup = program->id;
        step.sent_program = std::move(*program);
    }
    return {};
}

Result<void> SentPackets::attach_step(Run &run, XdpStep &step) {
    if (step.sent_link.valid()) {
        const auto state = inspect_link(step.sent_link);
        if (!state)
            return fail(state.error());
        return update_link(step.sent_link, state->program, step.sent_program,
                           std::string("packets sent on ") + step.record.name, run.undo);
    }
    auto link = run.netns.inside([&] { return attach_egress(step.sent_program, step.interface); });
    if (link) {
        step.sent_link = std::move(*link);
        return pin_link(run, step.sent_link, "sent/" + std::to_string(step.number));
    }
    go_on_without(run, step, link.error().code);
    return run.layout.set_hook(step.number, step.record);
}

Result<void> SentPackets::attach(Run &run) {
    for (XdpStep &step : hooks_.steps())
        if (step.sent_program.fd.valid())
            if (auto attached = attach_step(run, step); !attached)
                return attached;
    const auto &steps = hooks_.steps();
    if (std::all_of(steps.begin(), steps.end(),
                    [](const XdpStep &step) { return step.record.flags & HOOK_SENT; }))
        run.layout.forget_refused("egress");
    return {};
}

} // namespace pinpipe::loader
