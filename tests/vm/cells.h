// SPDX-License-Identifier: MIT
// Prints cells in the format of tests/vm/inside, and counts how often programs run.
#pragma once

#include "lib/base/fd.h"

#include <bpf/bpf.h>
#include <cstdio>
#include <string>

namespace pinpipe {

// Prints a line for one cell. Tabs and newlines in text become blanks.
inline void print_cell(const std::string &name, const char *state, std::string text) {
    for (char &c : text)
        if (c == '\t' || c == '\n')
            c = ' ';
    std::printf("test\t%s\t%s\t%s\n", name.c_str(), state, text.c_str());
    std::fflush(stdout);
}

// Lets the kernel count the runs of programs, until the returned descriptor is closed.
inline Fd count_runs() {
    return Fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
}

inline uint64_t runs(const Fd &program) {
    bpf_prog_info info{};
    __u32 size = sizeof info;
    return bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0 ? info.run_cnt : 0;
}

} // namespace pinpipe
