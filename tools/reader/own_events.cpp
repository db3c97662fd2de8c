// SPDX-License-Identifier: MIT
#include "tools/reader/own_events.h"

#include "lib/event/stream_names.h"

#include <cstdio>
#include <unistd.h>

namespace pinpipe::reader {

Result<OwnEvents> OwnEvents::find(const Pins &pins, const Request &request) {
    OwnEvents own;
    if (!(request.streams & (socket_streams | 1U << STREAM_DENY)) || !leaves_out_self(request))
        return own;
    auto pipeline = Pipeline::find(pins);
    if (!pipeline)
        return fail(pipeline.error());
    own.pipeline_ = std::move(*pipeline);
    return own;
}

void OwnEvents::say(uint64_t left_out) {
    if (said_ || !pipeline_ || !left_out || !isatty(STDERR_FILENO))
        return;
    said_ = true;
    std::fprintf(stderr, "ebpf-read: events come from this pipeline itself, and are left out; "
                         "--include-self shows them\n");
}

} // namespace pinpipe::reader
