// SPDX-License-Identifier: MIT
// The filter of socket streams: from the command line to the words that are compared, in the kernel
// and for what comes by other ways than a ring: wants_event().
#pragma once

#include "bpf/readers/filter.h"
#include "tools/reader/options.h"
#include "tools/reader/pipeline.h"

#include <algorithm>
#include <vector>

namespace pinpipe::reader {

// Whether events of the reader's own pipeline are left out: unless processes are named.
bool leaves_out_self(const Request &request);

// payload: bytes that were loaded. own: the pipeline whose events are left out; NULL: none is.
socket_filter socket_filter_of(const Request &request, uint32_t payload, const Pipeline *own);

// Filters of snapshots, which are read whole: an empty list lets all through.
template <class T> bool none_or_has(const std::vector<T> &list, const T &value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}
bool none_or_within(const std::vector<PortRange> &ranges, uint16_t port);

} // namespace pinpipe::reader
