// SPDX-License-Identifier: MIT
// Labels of sockets that change hands, or that are older than the rules: what no hook of a cgroup
// sees (bpf/rules/relabel.bpf.c). One set of programs for all cgroups, each of them optional.
#pragma once

#include "tools/loader/program.h"
#include "tools/loader/run.h"

#include <vector>

namespace pinpipe::loader {

class Labels {
public:
    Result<void> load(Run &run);

    // Attaches and pins those that wait for calls, in the place of others of before.
    Result<void> attach(Run &run);

    // Labels the sockets that are there. After the cgroups' programs have been attached.
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
