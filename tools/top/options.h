// SPDX-License-Identifier: MIT
// What ebpf-top was asked for.
#pragma once

#include "lib/base/options.h"
#include "tools/top/layout.h"

namespace pinpipe::top {

struct Request {
    View view;
    bool chosen = false; // what rows are for: otherwise it depends on what comes
    uint64_t count = 0;  // snapshots to end after; 0: no such end
    size_t width = 0;    // of plain tables; 0: as wide as it takes
    bool batch = false;
};

extern const Usage usage;

Result<Request> read_request(const Parsed &parsed);

} // namespace pinpipe::top
