// SPDX-License-Identifier: MIT
// What of the request is loaded.
#pragma once

#include "lib/pins/hooks.h"
#include "tools/reader/options.h"

namespace pinpipe::reader {

// The hooks of the interfaces asked for, a bit each; all of them, if none was named.
Result<uint64_t> wanted_hooks(const HookTable &hooks, const Request &request);

// Which of the streams asked for are there, a bit each; of all, those that are.
Result<uint32_t> loaded_streams(const HookTable &hooks, const Request &request);

// None of these streams is loaded: the first of them says what would load it.
Error nothing_for(const std::string &pin_root, uint32_t streams);

} // namespace pinpipe::reader
