// SPDX-License-Identifier: MIT
// The stage, where a load builds a new layout; and removing pins.
#pragma once

#include "lib/pins/pins.h"

namespace pinpipe::loader {

// The directory below the pin root for what is not in its final place yet.
std::string stage_path(const Pins &pins);

Result<void> make_directory(const std::string &path);

// Renames from to to; an older pin at to is replaced in one step.
Result<void> move_over(const std::string &from, const std::string &to);

// Removes what an unfinished load left below the stage. Nothing there is in use.
Result<void> clear_stage(const Pins &pins);

// Removes all pins, links first. The pin root itself stays.
Result<void> remove_all(const Pins &pins);

} // namespace pinpipe::loader
