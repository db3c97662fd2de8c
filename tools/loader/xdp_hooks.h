// The XDP hooks of a load, each with what counts what its interface sends.
#pragma once

#include "tools/loader/interface.h"
#include "tools/loader/layout.h"
#include "tools/loader/options.h"
#include "tools/loader/program.h"
#include "tools/loader/xdp.h"

#include <vector>

namespace pinpipe::loader {

// What a load works on.
struct Run {
    const Command &command;
    const Netns &netns;
    const Pins &pins;
    Layout &layout;
    Undo &undo;
};

// One hook that a load touches.
struct XdpStep {
    unsigned number = 0;
    hook_record record{};
    Interface interface; // of a new hook
    Mode mode = Mode::any;
    Fd link; // of a hook that is there
    uint32_t old_program = 0;
    Program program; // what it gets; none: unchanged
    Fd sent_link;    // the same of HOOK_SENT
    Program sent_program;
    bool named = false; // on the command line
    bool replace = false;
    bool is_new() const { return !link.valid(); }
};

class XdpHooks {
public:
    // Loads the programs that hooks need, those that are there and those on the command line.
    // Touches nothing that is at work.
    static Result<XdpHooks> plan(const Run &run);

    // Attaches and pins, or exchanges the programs of links. The hooks outlive the run's undo.
    Result<void> attach(const Run &run);

    void tell(const Pins &pins) const; // on standard error, what was done
    bool is_there() const { return !steps_.empty(); }

private:
    std::vector<XdpStep> steps_;
};

// Frees hooks whose interface is gone and numbers without a link. Part of every load.
Result<void> sweep_hooks(const Pins &pins, Layout &layout);

} // namespace pinpipe::loader
