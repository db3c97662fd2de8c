// SPDX-License-Identifier: MIT
// Paths that root can follow without being led astray by others.
#pragma once

#include "lib/base/error.h"

#include <string>

namespace pinpipe {

// The absolute path without symbolic links, ".." and empty parts. Each directory on the way, the
// last one included, must be root's and not writable by others; a sticky bit (/tmp) does not help:
// others could be the first to make a name there. Symbolic links must be root's. So nobody else
// can exchange any part of the result later. What does not exist yet is appended as it is.
Result<std::string> trusted_path(const std::string &path);

} // namespace pinpipe
