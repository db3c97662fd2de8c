// What is bound: the list that the kernel makes when its pin is read, and which of it is new.
//
// bind() itself is seen only by probes on functions. With tracepoints alone listen() is, unless the
// kernel has to choose the port. The rest is found by reading the list again every second.
#pragma once

#include "bpf/control.h"
#include "lib/pins.h"

#include <map>
#include <vector>

namespace pinpipe::reader {

class BoundList {
public:
    BoundList(const Pins &pins, const socket_filter &filter);

    // When the next look is due: nanoseconds of CLOCK_BOOTTIME.
    int64_t due() const { return due_; }

    // Sockets that are bound and have not been told, in the order of their holders' numbers.
    Result<std::vector<bind_record>> look();

    // An event of the stream tells of this socket. False: it has been told already.
    bool note(const bind_record &record);

private:
    using Key = std::pair<uint64_t, uint32_t>; // cookie and action
    std::string path_;
    socket_filter filter_;
    int64_t due_ = 0;
    uint64_t looks_ = 0;
    std::map<Key, uint64_t> told_; // and in which look it was last there
};

} // namespace pinpipe::reader
