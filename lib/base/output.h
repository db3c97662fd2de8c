// SPDX-License-Identifier: MIT
// Standard output of a tool in a pipeline: writes whole blocks, loses no partial line, and never
// blocks for ever.
#pragma once

#include "lib/base/error.h"

#include <string_view>

namespace pinpipe {

enum class Written {
    all,
    closed, // the reading process has closed the pipe (EPIPE): end quietly
};

// Writes all of text to standard output. After a stop signal it gives up if the receiver takes
// nothing for a second. An Error has Exit::output.
Result<Written> write_output(std::string_view text);

// Whether the reading end of standard output is closed, found out without writing.
bool output_closed();

} // namespace pinpipe
