// SPDX-License-Identifier: MIT
// The lines that tests/vm/inside prints, and what makes some of them: whether a program has run.
#pragma once

#include "lib/base/fd.h"

#include <bpf/bpf.h>
#include <cstdio>
#include <string>

namespace pinpipe {

// Nothing in the text may end a field or a line.
inline void print_cell(const std::string &name, const char *state, std::string text) {
    for (char &c : text)
        if (c == '\t' || c == '\n')
            c = ' ';
    std::printf("test\t%s\t%s\t%s\n", name.c_str(), state, text.c_str());
    std::fflush(stdout);
}

// How often a program has run while the kernel counts, which is while this is open.
inline Fd count_runs() {
    return Fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
}

inline uint64_t runs(const Fd &program) {
    bpf_prog_info info{};
    __u32 size = sizeof info;
    return bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0 ? info.run_cnt : 0;
}

} // namespace pinpipe
