// SPDX-License-Identifier: MIT
// What is bound: the list that the kernel makes when its pin is read, and which of it is new or
// gone.
//
// bind() itself is seen only by probes on functions. With tracepoints alone listen() is, unless the
// kernel has to choose the port. The rest is found by reading the list again every second.
#pragma once

#include "bpf/abi/control.h"
#include "lib/pins/pins.h"

#include <map>
#include <vector>

namespace pinpipe::reader {

class BoundList {
public:
    BoundList(const Pins &pins, const socket_filter &filter);

    // When the next look is due: nanoseconds of CLOCK_BOOTTIME.
    int64_t due() const { return due_; }

    // What has not been told: sockets that are bound, in the order of their holders' numbers, and
    // such as are no more (BIND_CLOSE).
    Result<std::vector<bind_record>> look();

    // Changes which processes are left out as the reader's own pipeline.
    void set_filter(const socket_filter &filter) { filter_ = filter; }

    // Sockets that were found and left out: a process of the reader's own pipeline holds them.
    uint64_t left_out() const { return left_out_; }

    // An event of the stream tells of this socket. False: it has been told already.
    bool note(const bind_record &record);

private:
    using Key = std::pair<uint64_t, uint32_t>; // cookie and action
    struct Told {
        uint64_t look; // in which it was last there
        bind_record record;
        bool own = false; // left out
    };
    std::vector<bind_record> take_gone();
    std::string path_;
    socket_filter filter_;
    int64_t due_ = 0;
    uint64_t looks_ = 0, left_out_ = 0;
    std::map<Key, Told> told_;
};

} // namespace pinpipe::reader
