// The filter of socket streams: from the command line to the words that the kernel compares.
#pragma once

#include "bpf/control.h"
#include "tools/reader/options.h"

namespace pinpipe::reader {

// payload: bytes that were loaded. Whoever names processes means them, even those of this session.
socket_filter socket_filter_of(const Request &request, uint32_t payload);

// Whether it lets the record through: the same as bpf/emit_socket.h does, for what comes by other
// ways than a ring.
bool passes(const socket_filter &filter, const socket_record &record);

} // namespace pinpipe::reader
