// SPDX-License-Identifier: MIT
// One line of NDJSON as ebpf-read prints it, as far as ebpf-top wants it.
#pragma once

#include "tools/top/amounts.h"

#include <string>
#include <string_view>
#include <tuple>

namespace pinpipe::top {

enum class LineKind {
    usage,
    port,
    interface, // of the ports events, without a port: packets that have none
    lost,
    other, // an event of another stream, or an empty line
    bad,   // no JSON object, or fields of the wrong type: nothing of it is taken
};

// Whom a line is about, and so a row of the table with everything apart.
struct Key {
    uint64_t number = 0; // process or port
    uint64_t start = 0;  // of the process, milliseconds since 1970
    std::string proto;
    std::string place; // remote address, or interface
    bool operator==(const Key &) const = default;
    bool operator<(const Key &other) const {
        return std::tie(number, start, proto, place) <
               std::tie(other.number, other.start, other.proto, other.place);
    }
};

struct EventLine {
    LineKind kind = LineKind::bad;
    uint64_t time = 0; // microseconds since 1970; the same for all lines of a snapshot
    Key key;
    std::string name; // the process's, or the port's owners: "nginx(20), nginx(21 exited)"
    Amounts amounts;
    uint64_t interval = 0; // milliseconds; 0: not told
    bool total = false;    // since the load, not since the line before
    uint64_t count = 0;    // of a lost line
};

EventLine parse_line(std::string_view line);

// Of a port's owners as many are named as fit into this; the others are counted: "+7".
inline constexpr size_t owners_length = 1024;

} // namespace pinpipe::top
