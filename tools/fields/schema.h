// SPDX-License-Identifier: MIT
// The JSON Schema (2020-12) of an event_type: fields from its table, rules from rules.h.
#pragma once

#include "lib/event/fields.h"

#include <string>

namespace pinpipe::fields_tool {

std::string schema_of(const ListedEvent &event);

} // namespace pinpipe::fields_tool
