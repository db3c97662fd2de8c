// SPDX-License-Identifier: MIT
// What this kernel really grants, found by trying: a program of a few instructions is loaded,
// attached to a function for a moment, seen to run, and taken away again.
#pragma once

#include "lib/base/fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pinpipe::loader {

enum class Grant {
    yes,        // a program was loaded and attached, and ran
    refused,    // the kernel answered with an errno
    absent,     // this kernel has nothing to attach to
    never_runs, // loads and attaches, and nothing comes of it
};

struct Probe {
    const char *name; // "fentry"
    Grant grant;
    int code; // errno, where it is refused
    bool granted() const { return grant == Grant::yes; }
};

// fentry, kprobe, tp_btf (raw tracepoints with types), lsm. Needs root.
std::vector<Probe> try_probes();

// Whether fentry and fexit programs may be loaded and attached. Needs root.
bool grants_fentry();

// The same of kprobes, through perf_event_open(2).
bool grants_kprobe();

// The same of LSM programs at a cgroup; those that are never run are not granted.
bool grants_lsm_cgroup();

// Whether programs at a cgroup may do what rules need. Needs root.
Probe try_rules();
bool grants_rules();

// Whether programs are compiled (JIT) or interpreted; nothing where none may be loaded. Needs root.
std::optional<bool> compiles_programs();

// Whether a function of the kernel's (or of a module that is loaded) can have a kprobe.
bool has_function(const std::string &name);

// An event of function's entry or of its return, to link a program to.
Fd open_kprobe(const char *function, bool at_return);

struct XdpSupport {
    std::string interface;
    std::optional<bool> native; // nothing: this kernel does not tell (before 6.3)
    bool frags = false;         // native, and packets in several buffers
};

// Every interface of this network namespace, from the kernel's netdev family; needs no root.
std::vector<XdpSupport> xdp_support();

} // namespace pinpipe::loader
