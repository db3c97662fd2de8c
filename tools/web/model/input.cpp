// SPDX-License-Identifier: MIT
#include "tools/web/model/input.h"

#include "lib/base/few_a_second.h"
#include "lib/base/line_splitter.h"
#include "lib/base/signals.h"

#include <cinttypes>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace pinpipe::web {
namespace {

constexpr size_t read_size = 64 << 10;
constexpr int pipe_size = 1 << 20; // bytes; a larger buffer for the writer, where permitted

bool wait_for(int fd, int leave) {
    pollfd both[] = {{fd, POLLIN, 0}, {leave, POLLIN, 0}};
    while (poll(both, 2, -1) < 0)
        ;
    return !both[1].revents;
}

void tell_bad_line(FewASecond &few, uint64_t number) {
    const auto [say, unsaid] = few.next();
    if (unsaid)
        std::fprintf(stderr, "ebpf-web: %" PRIu64 " more bad lines\n", unsaid);
    if (say)
        std::fprintf(stderr, "ebpf-web: line %" PRIu64 " is no event: skipped\n", number);
}

} // namespace

Result<std::unique_ptr<Input>> Input::open(int fd, Hub &hub) {
    auto leave = Waker::make();
    if (!leave)
        return fail(leave.error());
    fcntl(fd, F_SETPIPE_SZ, pipe_size);
    return std::unique_ptr<Input>(new Input(fd, hub, std::move(*leave)));
}

Input::Input(int fd, Hub &hub, Waker leave)
    : fd_(fd), hub_(hub), leave_(std::move(leave)), thread_([this] { read_all(); }) {}

Input::~Input() {
    leave_.wake();
    thread_.join();
}

void Input::read_all() {
    leave_stop_signals();
    LineSplitter lines(EventLog::longest_line);
    FewASecond complaints(5);
    const std::unique_ptr<char[]> buffer(new char[read_size]);
    Now now;
    const auto take = [&](std::string_view line, bool cut) {
        lines_++;
        if (!intake_.take(line, cut, now))
            tell_bad_line(complaints, lines_);
    };
    int failed = 0;
    while (wait_for(fd_, leave_.get())) {
        const ssize_t count = read(fd_, buffer.get(), read_size);
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        failed = count < 0 ? errno : 0;
        if (count <= 0)
            break;
        now = read_clock();
        lines.feed({buffer.get(), static_cast<size_t>(count)}, take);
        hub_.wake();
    }
    lines.end(take);
    end(failed);
}

void Input::end(int code) {
    if (code)
        std::fprintf(stderr, "ebpf-web: %s\n",
                     system_error("read standard input", code).text.c_str());
    {
        const std::lock_guard hold(hub_.mutex);
        hub_.rooms.end_input();
        hub_.input_ended = true;
    }
    hub_.wake();
}

} // namespace pinpipe::web
