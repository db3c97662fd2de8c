// SPDX-License-Identifier: MIT
// The filter of socket streams: from the command line to the words that are compared, in the kernel
// and for what comes by other ways than a ring: wants_event().
#pragma once

#include "bpf/readers/filter.h"
#include "tools/reader/options.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace pinpipe::reader {

// Whether what this session's processes do is left out. Whoever names processes means them.
bool leaves_out_self(const Request &request);

// payload: bytes that were loaded. session: whose processes are left out; none: nobody's.
socket_filter socket_filter_of(const Request &request, uint32_t payload,
                               std::optional<uint32_t> session);

// Filters of snapshots, which are read whole: an empty list lets all through.
template <class T> bool none_or_has(const std::vector<T> &list, const T &value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}
bool none_or_within(const std::vector<PortRange> &ranges, uint16_t port);

} // namespace pinpipe::reader
