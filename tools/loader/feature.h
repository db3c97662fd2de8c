// SPDX-License-Identifier: MIT
// One thing that ebpf-load can load beside the others: XDP hooks, sent packets, socket probes,
// rules, the process group iterator, watched ports.
//
// A load takes every feature through the same steps, each for all features before the next one.
// What a step has done is taken back through run.undo if a later one fails.
#pragma once

#include "tools/loader/run.h"

namespace pinpipe::loader {

class Feature {
public:
    Feature() = default;
    Feature(const Feature &) = delete;
    Feature &operator=(const Feature &) = delete;
    virtual ~Feature() = default;

    // Finds out what is there and what is asked for. Touches nothing that is at work.
    virtual Result<void> plan(Run &) { return {}; }

    // Brings programs and maps into the kernel. Attaches nothing.
    virtual Result<void> load(Run &) { return {}; }

    // Attaches and pins. A new layout is not in its place yet.
    virtual Result<void> attach(Run &) { return {}; }

    // Begins work, or hands it over, now that the layout is in its place.
    virtual Result<void> publish(Run &) { return {}; }

    // Takes away what has been replaced: everything has succeeded.
    virtual void finish(Run &) {}

    // Says on standard error what was done.
    virtual void tell(const Run &) const {}

    // Before an unload touches anything: whether all that the command names of this is loaded.
    virtual Result<void> check_unload(Run &) { return {}; }

    // Takes away what the command names.
    virtual Result<void> unload(Run &) { return {}; }

    // Whether anything of this is still loaded.
    virtual Result<bool> is_left(Run &) { return false; }
};

} // namespace pinpipe::loader
