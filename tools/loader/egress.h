// SPDX-License-Identifier: MIT
// Counting what an interface sends: a tc program (tcx, Linux 6.6) beside each XDP hook.
#pragma once

#include "tools/loader/interface.h"
#include "tools/loader/program.h"
#include "tools/loader/run.h"

namespace pinpipe::loader {

// What tells this build's program from another one.
uint64_t egress_build();

// Loads the program with this hook's constants. One without a descriptor: the kernel refuses it,
// and the run goes on without. flags: HOOK_*.
Result<Program> load_egress(Run &run, unsigned number, uint32_t flags);

// Whether this kernel attaches such programs by links.
bool has_egress();

// A new link, behind the programs that are there. In the namespace of the interface.
Result<Fd> attach_egress(const Program &program, const Interface &interface);

} // namespace pinpipe::loader
