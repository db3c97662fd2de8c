// SPDX-License-Identifier: MIT
// The programs of one set of socket probes: which objects they come from, loading them.
#pragma once

#include "tools/loader/probe_kind.h"
#include "tools/loader/program.h"
#include "tools/loader/run.h"

#include <vector>

namespace pinpipe::loader {

struct SocketProgram {
    Program program;
    const Component *component = nullptr;
    std::string function; // of a kprobe; else empty
    bool at_return = false;
    bool is_iterator = false;
};

// What makes a set what it is, besides its number: equal means that nothing need be loaded.
uint64_t build_of_sockets(const Layout &layout, ProbeKind kind);

// Programs of a set that are attached, without those that the kernel has refused.
size_t count_socket_programs(const Layout &layout, ProbeKind kind);

// Loads all programs with the number of the set; maps are made, or those of before are used.
Result<std::vector<SocketProgram>> load_socket_programs(Run &run, ProbeKind kind, uint64_t set);

// Before they are loaded anew, and once they are gone.
void forget_refused_of_sockets(Layout &layout);

// A link. None: errno says why.
Fd attach_socket_program(const SocketProgram &program);

} // namespace pinpipe::loader
