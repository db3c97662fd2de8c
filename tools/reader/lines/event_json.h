// SPDX-License-Identifier: MIT
// Events as NDJSON lines: pure functions of a record and its surroundings. Fields:
// pinpipe-events(5).
#pragma once

#include "bpf/abi/control.h"
#include "lib/event/json_line.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace pinpipe {

// What a line needs besides the record.
struct LineContext {
    uint64_t microseconds = 0;      // when: since 1970, UTC
    uint64_t seq = 0;               // number of the event in the reader's output
    std::string_view host_run = {}; // `,"host":"name"`, or empty
    std::string_view hook_run = {}; // hook_run(), or interface_run()
    bool community_id = false;      // whether to add it
};

// What is the same for all icmp events of a hook: `,"ifname":"eth0"`. Its name ends with a NUL and
// may hold any bytes.
std::string hook_run(const hook_record &hook);

// `,"ifname":"eth0"`
std::string interface_run(std::string_view name);

// `,"host":"name"`
std::string host_run(std::string_view name);

// No event line is longer. hook_run and host_run are at most line_run_max bytes.
inline constexpr size_t line_max = 2048;
inline constexpr size_t line_run_max = 512;

// Appends one line with its newline.
void write_icmp(JsonLines &out, const icmp_record &record, const LineContext &context);

} // namespace pinpipe
