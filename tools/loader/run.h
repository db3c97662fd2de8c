// SPDX-License-Identifier: MIT
// One run of ebpf-load: the context that every feature gets.
#pragma once

#include "lib/base/undo.h"
#include "lib/pins/components.h"
#include "tools/loader/interface.h"
#include "tools/loader/layout.h"
#include "tools/loader/options.h"

#include <vector>

namespace pinpipe::loader {

struct Run {
    const Command &command;
    const Netns &netns;
    const Pins &pins;
    Layout &layout;
    std::vector<Refused> refused = {}; // in this run
    Undo undo = {};

    // The directory of the layout's pins at present.
    std::string root() const { return layout.root(pins); }
    std::string path(const std::string &below) const { return root() + "/" + below; }

    // Notes in the layout that the kernel refused this optional component. code: the errno.
    void go_on_without(const Component &component, int code) {
        layout.set_refused(component.number, code);
        refused.push_back({&component, code});
    }
};

} // namespace pinpipe::loader
