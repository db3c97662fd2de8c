// SPDX-License-Identifier: MIT
// The maps of rules, beside what loading an object makes.
#pragma once

#include "tools/loader/layout.h"

namespace pinpipe::loader {

// Makes and pins the maps that no program uses.
Result<void> make_rule_maps(const std::string &root, Undo &undo);

// Pins the maps that the admin group writes a second time, in the admin directory.
Result<void> pin_for_admins(const std::string &root, Undo &undo);

// Removes the pins of the maps that only rules use.
void remove_rule_maps(const Pins &pins);

} // namespace pinpipe::loader
