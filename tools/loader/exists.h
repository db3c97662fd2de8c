// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <unistd.h>

namespace pinpipe::loader {

inline bool exists(const std::string &path) {
    return access(path.c_str(), F_OK) == 0;
}

} // namespace pinpipe::loader
