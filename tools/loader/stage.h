// SPDX-License-Identifier: MIT
// Where a load builds what it has not yet put in place, and taking pins away.
#pragma once

#include "lib/pins/pins.h"

namespace pinpipe::loader {

// Where a load builds what it has not yet put in place.
std::string stage_path(const Pins &pins);

Result<void> make_directory(const std::string &path);

// rename(2): an older pin at to is replaced in one step.
Result<void> move_over(const std::string &from, const std::string &to);

// Removes whatever an earlier load left half-made; nothing that is in use.
Result<void> clear_stage(const Pins &pins);

// Removes all pins, links first. The root itself stays.
Result<void> remove_all(const Pins &pins);

} // namespace pinpipe::loader
