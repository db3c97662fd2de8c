// SPDX-License-Identifier: MIT
// The XDP program of one hook: loading it, attaching it.
#pragma once

#include "tools/loader/interface.h"
#include "tools/loader/program.h"
#include "tools/loader/run.h"

namespace pinpipe::loader {

// What makes a hook's program what it is: equal means that nothing need be loaded. number: the
// hook's.
uint64_t xdp_build(const Layout &layout, unsigned number, uint32_t flags);

// HOOK_FRAGS where this kernel knows packets in several buffers and has not refused the program for
// them, else 0.
uint32_t frags_flag(const Layout &layout);

// Loads the program with this hook's constants. HOOK_FRAGS of flags is cleared where the kernel
// refuses the program for packets in several buffers: then it is the one for a single buffer.
Result<Program> load_xdp(Run &run, unsigned number, uint32_t &flags);

struct XdpLink {
    Fd fd;
    bool generic = false;
    int native_refused = 0; // errno, where generic mode came of a refusal
};

// A new link. Native is tried first where the mode is left open; generic takes its place where the
// driver or the kernel refuses it. In the namespace of the interface. flags: HOOK_*, for the error.
Result<XdpLink> attach_xdp(const Program &program, const Interface &interface, Mode mode,
                           uint32_t flags);

} // namespace pinpipe::loader
