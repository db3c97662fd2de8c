// SPDX-License-Identifier: MIT
// Programs that label sockets which pass to another process, or which are older than the rules: no
// cgroup hook sees these (bpf/rules/relabel.bpf.c). One set of programs serves all cgroups, and
// each program is optional.
#pragma once

#include "tools/loader/program.h"
#include "tools/loader/run.h"

#include <vector>

namespace pinpipe::loader {

class Labels {
public:
    Result<void> load(Run &run);

    // Attaches and pins the programs, in place of those of an earlier load.
    Result<void> attach(Run &run);

    // Makes the rules known to the processes and sockets that exist. To be called after the
    // cgroups' programs are attached.
    Result<void> adopt() const;

private:
    struct Probe {
        const Component *component = nullptr;
        Program program;
    };
    Result<void> attach_finders(Run &run);

    std::vector<Probe> probes_;
    std::vector<Probe> finders_; // iterators over all processes and all sockets
    std::vector<Fd> finder_links_;
    bool is_loaded_ = false;
};

void unload_labels(const Pins &pins);

} // namespace pinpipe::loader
