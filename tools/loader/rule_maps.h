// SPDX-License-Identifier: MIT
// Maps of rules besides those that come with programs.
#pragma once

#include "tools/loader/layout.h"

namespace pinpipe::loader {

// Makes those that no program has.
Result<void> make_rule_maps(const std::string &root, Undo &undo);

// Pins a second time what the admin group writes.
Result<void> pin_for_admins(const std::string &root, Undo &undo);

// Removes the pins of all maps of rules alone.
void remove_rule_maps(const Pins &pins);

} // namespace pinpipe::loader
