// SPDX-License-Identifier: MIT
// Lines of lost events. Fields: pinpipe-events(5).
#pragma once

#include "bpf/abi/usage.h"
#include "tools/reader/lines/event_json.h"

#include <optional>

namespace pinpipe {

// What a lost event tells, besides its time and the name of the host. Texts are ours.
struct Loss {
    std::string_view stream;
    uint64_t count = 0;
    std::optional<std::string_view> reason = {}; // of usage, as are the sums
    usage_sums sums = {};
    std::string_view interface_run = {};          // of ports
    std::optional<uint64_t> bytes = {};           // of ports
    std::optional<std::string_view> lost_by = {}; // who gave them up, if it was no reader
};

// Appends one line with its newline: count events of stream were lost before the line that follows.
void write_loss(JsonLines &out, const Loss &loss, const LineContext &context);

inline void write_lost(JsonLines &out, std::string_view stream, uint64_t count,
                       const LineContext &context) {
    write_loss(out, {.stream = stream, .count = count}, context);
}

} // namespace pinpipe
