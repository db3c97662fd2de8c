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

    // Attaches and pins the tracing programs, in place of those of an earlier load.
    Result<void> attach(Run &run);

    // Labels the sockets that exist. To be called after the cgroups' programs are attached.
    Result<void> adopt() const;

private:
    struct Probe {
        const Component *component = nullptr;
        Program program;
    };
    Result<void> attach_finder(Run &run);

    std::vector<Probe> probes_;
    Probe finder_; // the iterator over all sockets
    Fd finder_link_;
    bool is_loaded_ = false;
};

void unload_labels(const Pins &pins);

} // namespace pinpipe::loader
