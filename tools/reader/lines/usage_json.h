// SPDX-License-Identifier: MIT
// Lines of the usage stream. Fields: pinpipe-events(5).
#pragma once

#include "lib/pins/usage_maps.h"
#include "tools/reader/lines/event_json.h"

namespace pinpipe {

struct UsageContext {
    LineContext line;
    uint64_t interval = 0;         // microseconds that the sums are about
    int64_t boot = 0;              // nanoseconds to add to CLOCK_BOOTTIME to get CLOCK_REALTIME
    std::string_view exe_run = {}; // `,"exe":"/usr/bin/curl"`, or empty
    bool total = false;            // since the load, not since the line before
};

// Name of a protocol: "tcp", or its number.
std::string usage_proto(uint8_t proto);

// Appends one line with its newline. port: 0 leaves it out, as the entry's own is left out too.
void write_usage(JsonLines &out, const UsageEntry &entry, bool by_port,
                 const UsageContext &context);

void write_usage_lost(JsonLines &out, const char *reason, const usage_sums &sums,
                      const UsageContext &context);

} // namespace pinpipe
