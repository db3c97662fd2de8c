// SPDX-License-Identifier: MIT
#include "tools/reader/iterator_records.h"

#include "lib/base/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace pinpipe::reader {

Result<std::vector<char>> read_iterator(const std::string &path) {
    const Fd list(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!list.valid())
        return fail(system_error("open " + path, errno));
    std::vector<char> bytes;
    for (;;) {
        const size_t size = bytes.size();
        bytes.resize(size + size_t{64} * 1024);
        const ssize_t count = read(list.get(), bytes.data() + size, bytes.size() - size);
        if (count < 0 && errno != EINTR)
            return fail(system_error("read " + path, errno));
        bytes.resize(size + static_cast<size_t>(count > 0 ? count : 0));
        if (count == 0)
            return bytes;
    }
}

} // namespace pinpipe::reader
