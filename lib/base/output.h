// SPDX-License-Identifier: MIT
// Standard output of a pipe stage: whole blocks, no partial line lost, never stuck for ever.
#pragma once

#include "lib/base/error.h"

#include <string_view>

namespace pinpipe {

enum class Written {
    all,
    closed, // whoever read it is gone (EPIPE): a quiet end
};

// Writes all of text to standard output. After a stop signal a receiver that takes nothing for a
// second is given up. An Error has Exit::output.
Result<Written> write_output(std::string_view text);

// Whether whoever reads standard output is gone; learnt without writing.
bool output_closed();

} // namespace pinpipe
