// SPDX-License-Identifier: MIT
// One line of NDJSON as the tools print it, as far as the store sorts it into columns.
//
// Usage lines are taken apart: what is not in a column of its own stays in `extra`, as the text it
// was. All other lines are kept whole; only their kind, time and loss are looked at.
#pragma once

#include "lib/event/json_scratch.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::store {

enum class LineKind {
    counted, // usage of a time
    event,   // of another stream, also an unknown one; also usage since the load, which adds up to
             // nothing
    lost,
    empty,
    bad, // no JSON object, or fields of the wrong type: nothing of it is taken
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

// Text that is absent is different from text that is empty.
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

// Holds what the texts of its line point into: they last until the next parse().
class LineParser {
public:
    // Texts that are too long make a line bad, as do bytes that are no UTF-8, and numbers above
    // 2^53 in columns.
    const Line &parse(std::string_view line);

private:
    JsonScratch scratch_;
    std::vector<size_t> members_; // where each member of the object begins
    std::vector<size_t> others_;  // those without a column, by their number
    Line line_;
};

} // namespace pinpipe::store
