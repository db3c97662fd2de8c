// SPDX-License-Identifier: MIT
// A feature: one thing that ebpf-load can load beside the others, such as XDP hooks, sent packets,
// socket probes, rules, the process group iterator, watched ports.
//
// A load takes every feature through the same steps; all features complete a step before the next
// step begins. If a step fails, run.undo reverts what the earlier ones did.
#pragma once

#include "tools/loader/run.h"

namespace pinpipe::loader {

class Feature {
public:
    Feature() = default;
    Feature(const Feature &) = delete;
    Feature &operator=(const Feature &) = delete;
    virtual ~Feature() = default;

    // Compares what is loaded with what the command asks for. Changes nothing that is active.
    virtual Result<void> plan(Run &) { return {}; }

    // Loads programs and makes maps. Attaches nothing.
    virtual Result<void> load(Run &) { return {}; }

    // Attaches programs and pins links. A new layout is still below the stage.
    virtual Result<void> attach(Run &) { return {}; }

    // Makes the new programs active. The layout is in its final place.
    virtual Result<void> publish(Run &) { return {}; }

    // Removes what was replaced. Called once every step of every feature has succeeded.
    virtual void finish(Run &) {}

    // Reports on standard error what was done.
    virtual void tell(const Run &) const {}

    // Fails unless everything of this feature that the command names is loaded. Called before an
    // unload changes anything.
    virtual Result<void> check_unload(Run &) { return {}; }

    // Unloads what the command names.
    virtual Result<void> unload(Run &) { return {}; }

    // Whether anything of this feature is still loaded.
    virtual Result<bool> is_left(Run &) { return false; }
};

} // namespace pinpipe::loader
