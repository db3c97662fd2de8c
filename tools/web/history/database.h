// SPDX-License-Identifier: MIT
// The database of the history. Only ebpf-store reads it.
#pragma once

#include "lib/base/error.h"

namespace pinpipe::web {

// Whether the database exists. If both are started together, ebpf-store makes it a moment after
// ebpf-web starts, complete in one step.
bool is_made(const std::string &database);

// Runs ebpf-store and waits for it. An error if it cannot read the database, or if there is none
// and its directory is not accessible.
Result<void> check_database(const std::string &database);

// The text for users while the database does not exist.
std::string not_made(const std::string &database);

// The path as an argument that cannot be taken for an option.
std::string as_operand(const std::string &database);

} // namespace pinpipe::web
