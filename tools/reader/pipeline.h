// SPDX-License-Identifier: MIT
// The reader's own pipeline: the processes whose events would be caused by what the reader prints,
// as in `ebpf-read tcp | nc HOST PORT`. Their events are left out unless they are asked for.
#pragma once

#include "bpf/abi/control.h"
#include "lib/base/fd.h"
#include "lib/pins/pins.h"

#include <vector>

namespace pinpipe::reader {

class Pipeline {
public:
    // The reader's process group, and the processes outside of it that hold the other end of a pipe
    // which is the reader's standard input, output or error: the first FILTER_OWN of those whose
    // /proc/PID/fd the reader may see. In a pid namespace of its own a reader does not know their
    // numbers in the initial one: there it is the process group alone. Where the kernel has refused
    // the iterator of pgid_path, a reader in a pid namespace of its own fails.
    static Result<Pipeline> find(const Pins &pins);

    // Forgets the processes that have ended: their numbers are used again. Returns whether there
    // were any. A process group lives as long as the reader, which is in it.
    bool forget_ended();

    // Puts it into a filter.
    void write_to(socket_filter &filter) const;

private:
    struct Holder {
        uint32_t pid;
        Fd process; // pidfd_open(2)
    };
    void find_holders();

    uint32_t pgid_ = 0;
    std::vector<Holder> holders_;
};

} // namespace pinpipe::reader
