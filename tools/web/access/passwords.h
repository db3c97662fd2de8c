// SPDX-License-Identifier: MIT
// The password file: a line "view:HASH" for people who look at the pages and "room:HASH" for
// machines that send events, with yescrypt hashes. Empty lines, and those that begin with #, are
// ignored. Only the owner may have access to the file.
#pragma once

#include "lib/base/error.h"

namespace pinpipe::web {

struct Passwords {
    std::string view;
    std::string room; // empty: nobody may send
};

Result<Passwords> load_passwords(const std::string &path);
Result<Passwords> parse_passwords(const std::string &path, const std::string &text);

// Takes a tenth of a second and 16 MiB on purpose, so that each guess costs as much.
bool is_password(const std::string &password, const std::string &hash);

// Reads a password (from a terminal without echo) and prints its line for a password file.
Result<void> make_password(const std::string &who);

} // namespace pinpipe::web
