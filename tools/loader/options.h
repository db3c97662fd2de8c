// SPDX-License-Identifier: MIT
// The command line of ebpf-load.
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
    std::optional<ProbeKind> probe; // none: the kind that is loaded, or the best
    std::string netns;              // empty: this process's own
    std::vector<WatchRequest> watches;
    Settings settings;
    LockWait wait; // for other processes that load, unload or change rules and watches
    bool replace = false;
    bool json = false;
    bool verbose = false;
};

// The options --pin-root and --netns of this command, for an ebpf-load command in a hint.
std::string same_place(const Command &command);

extern const Usage usage;

Result<Command> read_command(const Parsed &parsed);

} // namespace pinpipe::loader
