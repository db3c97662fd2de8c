// SPDX-License-Identifier: MIT
// The fields that ebpf-top needs of a line of NDJSON from ebpf-read.
#pragma once

#include "tools/top/amounts.h"

#include <string>
#include <string_view>
#include <tuple>

namespace pinpipe::top {

enum class LineKind {
    usage,
    port,
    interface, // a ports event without a port: packets that have none
    lost,
    other, // an event of another stream, or an empty line
    bad,   // no JSON object, or fields of the wrong type: the line is ignored
};

// What a line is about. Each key is a row in the finest view of the table.
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
    uint64_t interval = 0; // milliseconds; 0: not given
    bool total = false;    // amounts are since the load, not since the previous snapshot
    uint64_t count = 0;    // of a lost line
};

EventLine parse_line(std::string_view line);

// Bytes for the names of a port's owners. Those that do not fit are counted: "+7".
inline constexpr size_t owners_length = 1024;

} // namespace pinpipe::top
