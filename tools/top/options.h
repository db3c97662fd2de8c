// SPDX-License-Identifier: MIT
// The command line of ebpf-top.
#pragma once

#include "lib/base/options.h"
#include "tools/top/screen_layout.h"

namespace pinpipe::top {

struct Request {
    View view;
    bool chosen = false; // view.by was given; otherwise it depends on the events
    uint64_t count = 0;  // snapshots to end after; 0: no limit
    size_t width = 0;    // of plain tables; 0: as wide as needed
    bool batch = false;
};

extern const Usage usage;

Result<Request> read_request(const Parsed &parsed);

} // namespace pinpipe::top
