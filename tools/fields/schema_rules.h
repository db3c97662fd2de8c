// SPDX-License-Identifier: MIT
// How fields of an event depend on each other, and which values they have together: what a JSON
// Schema says and a table of fields does not.
#pragma once

#include <string_view>

namespace pinpipe::fields_tool {

// Members of the schema, without a comma at the end.
std::string_view rules_of(std::string_view event_type);
std::string_view rules_of_owners();

} // namespace pinpipe::fields_tool
