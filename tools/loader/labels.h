// Labels of sockets that change hands, or that are older than the rules: what no hook of a cgroup
// sees (bpf/labels.bpf.c). One set of programs for all cgroups.
#pragma once

#include "tools/loader/layout.h"

#include <string>
#include <vector>

namespace pinpipe::loader {

class Labels {
public:
    // Loads the programs, on the maps of rules below the layout's root.
    static Result<Labels> load(const Pins &pins, const Layout &layout, Undo &undo);

    // Attaches and pins those that wait for calls, in the place of others of before.
    Result<void> attach(const Pins &pins, const Layout &layout, Undo &undo) const;

    // Labels the sockets that are there. After the cgroups' programs have been attached.
    Result<void> adopt() const;

private:
    struct Probe {
        std::string name;
        Fd program;
    };
    std::vector<Probe> probes_;
    Fd iterator_;
};

void unload_labels(const Pins &pins);

} // namespace pinpipe::loader
