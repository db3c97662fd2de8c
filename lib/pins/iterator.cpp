// SPDX-License-Identifier: MIT
#include "lib/pins/iterator.h"

#include <cerrno>

namespace pinpipe {

Result<void> read_to_end(const Fd &list, const std::string &doing) {
    char ignored[size_t{16} * 1024];
    ssize_t size = 0;
    do
        size = read(list.get(), ignored, sizeof ignored);
    while (size > 0 || (size < 0 && errno == EINTR));
    return size < 0 ? fail(system_error(doing, errno)) : Result<void>();
}

} // namespace pinpipe
