// SPDX-License-Identifier: MIT
// The password file: a line "view:HASH" for who watches, "room:HASH" for who sends, with hashes of
// yescrypt; empty lines, and those that begin with #, are passed over. Nobody else may read it.
#pragma once

#include "lib/base/error.h"

namespace pinpipe::web {

struct Passwords {
    std::string view;
    std::string room; // empty: nobody may send
};

Result<Passwords> load_passwords(const std::string &path);
Result<Passwords> parse_passwords(const std::string &path, const std::string &text);

// Takes a tenth of a second and 16 MiB, so that guessing does too.
bool is_password(const std::string &password, const std::string &hash);

// Reads a password, from a terminal without showing it, and prints the line for a file.
Result<void> make_password(const std::string &who);

} // namespace pinpipe::web
