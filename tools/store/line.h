// SPDX-License-Identifier: MIT
// One line of NDJSON as ebpf-read prints it, as far as ebpf-store has columns for it.
//
// Usage lines are taken apart: members without a column stay in `extra`, as the text that they
// were. All other lines are kept whole; only their type, time and loss are read.
#pragma once

#include "lib/event/json_scratch.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::store {

enum class LineKind {
    counted, // usage of an interval
    event,   // of another stream, also an unknown one; also usage since the load, which must not be
             // added up
    lost,
    empty,
    bad, // no JSON object, or fields of the wrong type: not stored
};

struct Sums {
    uint64_t sent = 0, received = 0;             // bytes
    uint64_t calls_sent = 0, calls_received = 0; // calls, or datagrams

    Sums &operator+=(const Sums &o) {
        sent += o.sent;
        received += o.received;
        calls_sent += o.calls_sent;
        calls_received += o.calls_received;
        return *this;
    }
    bool operator==(const Sums &) const = default;
};

// Absent text is different from empty text.
struct Text {
    std::string_view text;
    bool there = false;
};

struct Line {
    static constexpr uint64_t absent = UINT64_MAX;

    LineKind kind = LineKind::bad;
    bool total = false;     // usage since the load
    uint64_t time = absent; // microseconds since 1970
    Text type, host;
    // of usage
    Text comm, exe, cgroup, proto, remote, attribution;
    uint64_t uid = absent, port = absent, pid = absent, ppid = absent, start = absent;
    uint64_t interval = absent; // milliseconds
    uint64_t seq = absent;
    Sums sums;
    std::string extra; // members without a column: "a":1,"b":[2]
    // of lost
    Text stream;
    uint64_t count = 0;
};

// Owns the memory that the texts of its line point into: they are valid until the next parse().
class LineParser {
public:
    // A line is bad if a text of it is too long, if bytes are no UTF-8, or if a number for a column
    // is above 2^53.
    const Line &parse(std::string_view line);

private:
    JsonScratch scratch_;
    std::vector<size_t> members_; // where each member of the object begins
    std::vector<size_t> others_;  // numbers of the members without a column
    Line line_;
};

} // namespace pinpipe::store
