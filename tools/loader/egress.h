// SPDX-License-Identifier: MIT
// The tc program (tcx, Linux 6.6) that counts the packets an interface sends.
#pragma once

#include "tools/loader/interface.h"
#include "tools/loader/program.h"
#include "tools/loader/run.h"

namespace pinpipe::loader {

// A hash of the program, by which this build's program is told from another build's.
uint64_t egress_build();

// Loads the program with the constants of hook number. The result has no file descriptor if the
// kernel refuses the program and the run goes on without it. flags: HOOK_*.
Result<Program> load_egress(Run &run, unsigned number, uint32_t flags);

// Whether this kernel has tcx links.
bool has_egress();

// Makes a link; the program runs after those that are attached already. The caller must be in the
// interface's network namespace.
Result<Fd> attach_egress(const Program &program, const Interface &interface);

} // namespace pinpipe::loader
