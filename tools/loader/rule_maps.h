// SPDX-License-Identifier: MIT
// Maps of rules besides those that come with programs.
#pragma once

#include "tools/loader/layout.h"

namespace pinpipe::loader {

// Makes those that no program has.
Result<void> make_rule_maps(const std::string &root, Undo &undo);

// Pins a second time what the admin group writes.
Result<void> pin_for_admins(const std::string &root, Undo &undo);

// Removes the pins of all maps of rules alone, and says to how many processes the rules applied, if
// there were any: they are lost.
void remove_rule_maps(const Pins &pins);

// How many subjects have rules; 0 where no rules are loaded.
size_t count_subjects(const Pins &pins);

// Says that the rules of so many subjects are lost, and how to keep them another time.
void say_rules_are_gone(size_t subjects);

} // namespace pinpipe::loader
