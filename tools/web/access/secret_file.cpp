// SPDX-License-Identifier: MIT
#include "tools/web/access/secret_file.h"

#include "lib/base/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::web {

Result<std::string> read_small_file(const std::string &path, size_t largest, unsigned others) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat file {};
    if (!fd.valid() || fstat(fd.get(), &file) != 0)
        return fail(system_error("read " + path, errno));
    if (!S_ISREG(file.st_mode) || file.st_size > static_cast<off_t>(largest))
        return fail(failure("cannot use " + path + ": it is not a regular file, or too large"));
    if (file.st_mode & others)
        return fail(failure("cannot use " + path + ": others may read or change it")
                        .with_hint((others & 070 ? "chmod go= " : "chmod o= ") + path));
    std::string text(largest, 0);
    const ssize_t size = read(fd.get(), text.data(), text.size());
    if (size < 0)
        return fail(system_error("read " + path, errno));
    text.resize(static_cast<size_t>(size));
    return text;
}

} // namespace pinpipe::web
