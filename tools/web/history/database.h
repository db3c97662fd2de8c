// SPDX-License-Identifier: MIT
// The database that history comes from. What is in it only ebpf-store knows.
#pragma once

#include "lib/base/error.h"

namespace pinpipe::web {

// Whether it is there: begun together, ebpf-store makes it a moment after us, whole at once.
bool is_made(const std::string &database);

// Asks ebpf-store, and waits for it. An error: it reads no such thing. Nothing is wrong with one
// that is not made yet, where it can be.
Result<void> check_database(const std::string &database);

// What a request is told until then.
std::string not_made(const std::string &database);

// As an argument it is no option.
std::string as_operand(const std::string &database);

} // namespace pinpipe::web
