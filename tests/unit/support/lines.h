// SPDX-License-Identifier: MIT
// Lines of events, of every shape: between the lines of an event_type, each of its fields is there
// and, where it may be, absent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinpipe {

std::vector<std::string> lines_of(std::string_view event_type);

} // namespace pinpipe
