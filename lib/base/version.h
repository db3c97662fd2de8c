// SPDX-License-Identifier: MIT
// The version of all tools.
#pragma once

namespace pinpipe {
inline constexpr const char *version = "0.1.0";
}
