// SPDX-License-Identifier: MIT
// The programs of one probe set: choosing, loading and attaching them.
#pragma once

#include "tools/loader/probe_kind.h"
#include "tools/loader/program.h"
#include "tools/loader/run.h"

#include <vector>

namespace pinpipe::loader {

struct SocketProgram {
    Program program;
    const Component *component = nullptr;
    std::string function; // a kprobe's target; else empty
    bool at_return = false;
    bool is_iterator = false;
};

// The build of a probe set: a hash of its objects, constants and maps. Equal: nothing need be
// loaded.
uint64_t build_of_sockets(const Layout &layout, ProbeKind kind);

// The number of programs that a probe set attaches, without those that the kernel has refused.
size_t count_socket_programs(const Layout &layout, ProbeKind kind);

// Loads all programs with this number. Maps that are pinned are used, the others made.
Result<std::vector<SocketProgram>> load_socket_programs(Run &run, ProbeKind kind,
                                                        uint64_t probe_set);

// Forgets which components were refused: before they are loaded again, and after an unload.
void forget_refused_of_sockets(Layout &layout);

// A link, or an invalid Fd and errno.
Fd attach_socket_program(const SocketProgram &program);

} // namespace pinpipe::loader
