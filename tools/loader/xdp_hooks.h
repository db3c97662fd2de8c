// SPDX-License-Identifier: MIT
// The XDP hooks of a load: those that are attached, and those that the command line asks for.
#pragma once

#include "tools/loader/feature.h"
#include "tools/loader/program.h"
#include "tools/loader/xdp.h"

#include <vector>

namespace pinpipe::loader {

// One hook that a load touches.
struct XdpStep {
    unsigned number = 0;
    hook_record record{};
    Interface interface; // of a hook on the command line
    Mode mode = Mode::any;
    Fd link; // of a hook that is there
    uint32_t old_program = 0;
    Program program; // what it gets; none: unchanged
    Fd sent_link;    // the same of what counts what the interface sends (HOOK_SENT)
    Program sent_program;
    int native_refused = 0; // errno, where generic mode came of a refusal
    bool named = false;     // on the command line
    bool is_new = false;
    bool is_outdated = false; // programs must be loaded, whatever its build

    bool is_changed() const { return program.fd.valid(); }
};

// What makes the programs of a hook what they are.
uint64_t build_of(const Layout &layout, const XdpStep &step);

// Pins a link as NAME where the layout is or is built. Undone, it is detached at once: what was
// there before may come back.
Result<void> pin_link(Run &run, const Fd &link, const std::string &name);

// Takes a link from the old program to the new one, in one step of the kernel's.
Result<void> update_link(const Fd &link, uint32_t old_id, const Program &program,
                         const std::string &what, Undo &undo);

class XdpHooks : public Feature {
public:
    Result<void> plan(Run &run) override;
    Result<void> load(Run &run) override;
    Result<void> attach(Run &run) override;
    void tell(const Run &run) const override;
    Result<void> check_unload(Run &run) override;
    Result<void> unload(Run &run) override;
    Result<bool> is_left(Run &run) override;

    bool is_there() const { return !steps_.empty(); }
    std::vector<XdpStep> &steps() { return steps_; }

private:
    Result<void> plan_present(Run &run);
    Result<void> plan_new(Run &run, const XdpRequest &request);

    std::vector<XdpStep> steps_;
};

// Frees hooks whose interface is gone and numbers without a link. Part of every load.
Result<void> sweep_hooks(const Pins &pins, Layout &layout);

} // namespace pinpipe::loader
