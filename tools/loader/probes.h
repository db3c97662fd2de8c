// SPDX-License-Identifier: MIT
// Finds out by trying which programs this kernel grants: a small program is loaded, attached to a
// function for a moment, seen to run, and removed.
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
    never_runs, // a program loads and attaches, but never runs
};

struct Probe {
    const char *name; // "fentry"
    Grant grant;
    int code; // errno, if refused
    bool granted() const { return grant == Grant::yes; }
};

// fentry, kprobe, tp_btf (raw tracepoints with types), lsm. Needs root.
std::vector<Probe> try_probes();

// Whether fentry and fexit programs may be loaded and attached. Needs root.
bool grants_fentry();

// The same for kprobes, through perf_event_open(2).
bool grants_kprobe();

// The same for LSM programs at a cgroup. Programs that never run count as not granted.
bool grants_lsm_cgroup();

// Whether programs at a cgroup have the helpers that rules need. Needs root.
Probe try_rules();
bool grants_rules();

// Whether programs are compiled (JIT) or interpreted. Nothing if none can be loaded. Needs root.
std::optional<bool> compiles_programs();

// Whether the kernel or a loaded module has a function of that name to attach a kprobe to.
bool has_function(const std::string &name);

// A perf event for the function's entry or return, to attach a program to. Sets errno on failure.
Fd open_kprobe(const char *function, bool at_return);

struct XdpSupport {
    std::string interface;
    std::optional<bool> native; // nothing: this kernel does not say (before 6.3)
    bool frags = false;         // native mode takes packets in several buffers
};

// All interfaces of this network namespace, from netlink's netdev family. Needs no root.
std::vector<XdpSupport> xdp_support();

} // namespace pinpipe::loader
