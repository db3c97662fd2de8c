// SPDX-License-Identifier: MIT
#include "lib/base/output.h"

#include "lib/base/signals.h"

#include <cerrno>
#include <climits>
#include <poll.h>
#include <unistd.h>

namespace pinpipe {
namespace {

constexpr int patience = 1000; // milliseconds that a receiver may take nothing after a stop signal

Error output_error(int code) {
    Error error = system_error("write to standard output", code);
    error.exit = Exit::output;
    return error;
}

// After a stop signal: how many bytes can be written without blocking; 0: none in time.
size_t writable_now(size_t size) {
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    if (poll(&out, 1, patience) <= 0)
        return 0;
    return size < PIPE_BUF ? size : PIPE_BUF; // a writable pipe takes this much without blocking
}

} // namespace

Result<Written> write_output(std::string_view text) {
    while (!text.empty()) {
        size_t size = text.size();
        if (stop_requested() && (size = writable_now(size)) == 0)
            return fail(output_error(ETIMEDOUT));
        const ssize_t count = write(STDOUT_FILENO, text.data(), size);
        if (count >= 0)
            text.remove_prefix(static_cast<size_t>(count));
        else if (errno == EPIPE)
            return Written::closed;
        else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            pollfd out{STDOUT_FILENO, POLLOUT, 0};
            poll_until_stop(&out, 1, patience);
        } else if (errno != EINTR)
            return fail(output_error(errno));
    }
    return Written::all;
}

bool output_closed() {
    pollfd out{STDOUT_FILENO, 0, 0};
    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP));
}

} // namespace pinpipe
