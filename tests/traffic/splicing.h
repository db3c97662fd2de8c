// SPDX-License-Identifier: MIT
// Receiving into a pipe instead of memory.
#pragma once

#include "tests/traffic/wire.h"

#include <fcntl.h>
#include <unistd.h>

namespace traffic {

struct Pipe {
    Fd read, write;
    Pipe() {
        int ends[2];
        check(pipe2(ends, O_CLOEXEC), "pipe");
        read = Fd(ends[0]);
        write = Fd(ends[1]);
    }
};

// Takes size bytes out of the pipe again.
inline void empty(const Pipe &pipe, ssize_t size) {
    while (size > 0)
        size -= check(read(pipe.read.get(), scratch(),
                           std::min<size_t>(static_cast<size_t>(size), scratch_size)),
                      "read");
}

// At most size bytes, from the socket through the pipe to nowhere. Returns how many; 0: the end.
inline ssize_t splice_in(const Wire &wire, const Pipe &pipe, size_t size) {
    const ssize_t count =
        check(wire.got(splice(wire.fd(), nullptr, pipe.write.get(), nullptr, size, 0)), "splice");
    empty(pipe, count);
    return count;
}

} // namespace traffic
