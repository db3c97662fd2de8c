// SPDX-License-Identifier: MIT
// Lines of events of every shape: each field of an event_type is in one of its lines and, if it can
// be absent, missing in another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinpipe {

std::vector<std::string> lines_of(std::string_view event_type);

} // namespace pinpipe
