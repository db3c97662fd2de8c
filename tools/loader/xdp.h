// SPDX-License-Identifier: MIT
// The XDP program of one hook: loading it, attaching it.
#pragma once

#include "tools/loader/interface.h"
#include "tools/loader/program.h"
#include "tools/loader/run.h"

namespace pinpipe::loader {

// The build of the program of hook number: a hash of its object, constants and maps. Equal: nothing
// need be loaded.
uint64_t xdp_build(const Layout &layout, unsigned number, uint32_t flags);

// HOOK_FRAGS if this kernel has XDP for packets in several buffers and did not refuse the program,
// else 0.
uint32_t frags_flag(const Layout &layout);

// Loads the program with the constants of hook number. If the kernel refuses the program for
// packets in several buffers, clears HOOK_FRAGS in flags and loads the one for a single buffer.
Result<Program> load_xdp(Run &run, unsigned number, uint32_t &flags);

struct XdpLink {
    Fd fd;
    bool generic = false;
    int native_refused = 0; // errno, if generic mode was chosen since the kernel refused native
};

// Makes a link. With Mode::any, native mode is tried first, then generic. The caller must be in the
// interface's network namespace. flags: HOOK_*, for the error text.
Result<XdpLink> attach_xdp(const Program &program, const Interface &interface, Mode mode,
                           uint32_t flags);

} // namespace pinpipe::loader
