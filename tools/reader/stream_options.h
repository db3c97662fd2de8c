// SPDX-License-Identifier: MIT
// Which options each stream can have.
#pragma once

#include "tools/reader/options.h"

namespace pinpipe::reader {

// The streams of these names, a bit each.
Result<uint32_t> parse_streams(const std::vector<std::string> &operands);

// Checks the options of a request against its streams, and fills in what depends on both. Streams
// of all that cannot have a filter are left out.
Result<void> agree(const Parsed &parsed, Request &request);

} // namespace pinpipe::reader
