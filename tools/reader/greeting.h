// SPDX-License-Identifier: MIT
// What ebpf-read says before it reads: to a person on a terminal what it waits for and how to cause
// some; to everybody what keeps a stream empty.
#pragma once

#include "tools/reader/reader.h"

namespace pinpipe::reader {

// How to cause some events of these streams (bit N: stream N), as one sentence. Not empty.
std::string how_to_cause(uint32_t streams);

// Says it on standard error.
Result<void> greet(const Reader &reader, const Request &request);

} // namespace pinpipe::reader
