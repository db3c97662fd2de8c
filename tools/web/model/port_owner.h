// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace pinpipe::web {

struct PortOwner {
    uint64_t pid = 0, uid = 0, start = 0;
    bool has_uid = false, has_start = false;
    std::string comm, attribution;
};

} // namespace pinpipe::web
