// SPDX-License-Identifier: MIT
// What ebpf-load was asked for.
#pragma once

#include "lib/base/options.h"
#include "lib/system/directory_lock.h"
#include "tools/loader/layout.h"
#include "tools/loader/probe_kind.h"
#include "tools/loader/watches.h"

namespace pinpipe::loader {

enum class Action { load, unload, check };

enum class Mode { any, native, generic };

struct XdpRequest {
    std::string interface;
    Mode mode = Mode::any;
};

struct Command {
    Action action = Action::load;
    std::string pin_root;
    std::vector<XdpRequest> xdp;
    std::vector<std::string> cgroups; // directories, or ids to unload
    bool sockets = false;
    std::optional<ProbeKind> probe; // of the socket probes; none: what there is, or the best
    std::string netns;              // empty: our own
    std::vector<WatchRequest> watches;
    Settings settings;
    LockWait wait; // for others who load, unload or change rules and watches
    bool replace = false;
    bool json = false;
    bool verbose = false;
};

// The options that make another ebpf-load command, in a hint, mean the same place.
std::string same_place(const Command &command);

extern const Usage usage;

Result<Command> read_command(const Parsed &parsed);

} // namespace pinpipe::loader
