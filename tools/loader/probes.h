// What this kernel really grants, found by trying: a two-instruction program is loaded and attached
// to nothing anybody uses, or to a function for a moment, and taken away again.
#pragma once

#include "lib/base/fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pinpipe::loader {

struct Probe {
    const char *name; // "fentry"
    bool granted;
    int code; // errno, where it is not
};

// fentry, kprobe, tp_btf (raw tracepoints with types), lsm. Needs root.
std::vector<Probe> try_probes();

// Whether fentry and fexit programs may be loaded and attached. Needs root.
bool grants_fentry();

// The same of kprobes, through perf_event_open(2).
bool grants_kprobe();

// The same of LSM programs at a cgroup; those that are never run are not granted.
bool grants_lsm_cgroup();

// Whether programs at a cgroup may do what rules need.
bool grants_rules();

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
