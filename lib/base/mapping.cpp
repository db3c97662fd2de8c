// SPDX-License-Identifier: MIT
#include "lib/base/mapping.h"

#include <cerrno>

namespace pinpipe {

Result<Mapping> Mapping::map(int fd, size_t size, int protection, off_t offset,
                             const std::string &name) {
    void *at = mmap(nullptr, size, protection, MAP_SHARED, fd, offset);
    if (at == MAP_FAILED)
        return fail(system_error("map " + name, errno));
    Mapping mapping;
    mapping.at_ = at;
    mapping.size_ = size;
    return mapping;
}

} // namespace pinpipe
