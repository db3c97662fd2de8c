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
    Interface interface; // only if named
    Mode mode = Mode::any;
    Fd link; // of an existing hook; later the new one
    uint32_t old_program = 0;
    Program program; // the new program; none: unchanged
    Fd sent_link;    // link and program that count sent packets (HOOK_SENT)
    Program sent_program;
    int native_refused = 0; // errno, see XdpLink
    bool named = false;     // on the command line
    bool is_new = false;
    bool is_outdated = false; // programs must be loaded even if the build is the same

    bool is_changed() const { return program.fd.valid(); }
};

// The build of a hook's programs: see xdp_build() and egress_build().
uint64_t build_of(const Layout &layout, const XdpStep &step);

// Pins a link as NAME below the layout's root. undo detaches it at once, so that a program that was
// attached before can come back.
Result<void> pin_link(Run &run, const Fd &link, const std::string &name);

// Replaces the program of a link in one step; an error if its program is not old_id. what: the
// hook, for the error text.
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

// Frees hooks whose interface no longer exists, and hook numbers without a link. In every load.
Result<void> sweep_hooks(const Pins &pins, Layout &layout);

} // namespace pinpipe::loader
