// SPDX-License-Identifier: MIT
// Paths that root can follow safely: no other user can change where they lead.
#pragma once

#include "lib/base/error.h"

#include <string>

namespace pinpipe {

// Returns the absolute path without symbolic links, ".." and empty parts. Each directory on the
// way, the last one included, must belong to root and not be writable by others; a sticky bit
// (/tmp) does not help: another user could be the first to make a name there. Symbolic links must
// belong to root. So no other user can replace any part of the result later. Parts that do not
// exist yet are appended unchanged.
Result<std::string> trusted_path(const std::string &path);

} // namespace pinpipe
