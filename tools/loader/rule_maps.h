// SPDX-License-Identifier: MIT
// The maps of rules, beside what loading an object makes.
#pragma once

#include "tools/loader/layout.h"

namespace pinpipe::loader {

// Makes and pins the maps that no program uses.
Result<void> make_rule_maps(const std::string &root, Undo &undo);

// Pins the maps that the admin group writes a second time, in the admin directory.
Result<void> pin_for_admins(const std::string &root, Undo &undo);

// Removes the pins of the maps that only rules use; prints how many subjects lose their rules.
void remove_rule_maps(const Pins &pins);

// The number of subjects that have rules; 0 where no rules are loaded.
size_t count_subjects(const Pins &pins);

// Prints that the rules of so many subjects are deleted, and how to keep them another time.
void say_rules_are_gone(size_t subjects);

} // namespace pinpipe::loader
