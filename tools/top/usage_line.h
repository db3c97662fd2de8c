// One line of NDJSON as ebpf-read prints it, as far as ebpf-top wants it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pinpipe::top {

enum class LineKind {
    usage,
    lost,
    other, // an event of another stream, or an empty line
    bad,   // no JSON object, or fields of the wrong type: nothing of it is taken
};

struct UsageLine {
    LineKind kind = LineKind::bad;
    uint64_t time = 0; // microseconds since 1970; the same for all lines of a snapshot
    uint64_t pid = 0;
    uint64_t start = 0; // of the process, milliseconds since 1970
    std::string comm, proto, remote;
    uint64_t sent = 0, received = 0;
    uint64_t interval = 0; // milliseconds
    bool total = false;    // since the load, not since the line before
    uint64_t count = 0;    // of a lost line
};

UsageLine parse_line(std::string_view line);

} // namespace pinpipe::top
