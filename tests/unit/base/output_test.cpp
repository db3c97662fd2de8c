// SPDX-License-Identifier: MIT
#include "lib/base/output.h"

#include "lib/base/signals.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/stopwatch.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

namespace pinpipe {
namespace {

constexpr int wrote_all = 20, was_closed = 21;

// Returns lines that contain their own position.
std::string text_of(size_t size) {
    std::string text;
    for (int line = 0; text.size() < size; line++)
        text += std::to_string(line) + "\n";
    return text;
}

int status_of(const Result<Written> &written) {
    if (!written)
        return static_cast<int>(written.error().exit);
    return *written == Written::all ? wrote_all : was_closed;
}

// Starts a child that writes text to out as a tool does, with no other descriptor of the pipe.
Child writer(const std::string &text, const Fd &out) {
    return Child(
        [text] {
            close_range(STDERR_FILENO + 1, ~0U, 0);
            catch_stop_signals();
            return status_of(write_output(text));
        },
        out.get());
}

size_t waiting(const Fd &pipe) {
    int bytes = 0;
    ioctl(pipe.get(), FIONREAD, &bytes);
    return static_cast<size_t>(bytes);
}

// Waits until the pipe is full. Returns false if that never happens.
bool becomes_full(const Fd &pipe) {
    const auto capacity = static_cast<size_t>(fcntl(pipe.get(), F_GETPIPE_SZ));
    const Stopwatch watch;
    while (waiting(pipe) < capacity && watch.seconds() < patience)
        sched_yield();
    return waiting(pipe) == capacity;
}

TEST(Output, WritesEverything) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{4096}, size_t{1} << 22}) {
        const std::string text = size ? text_of(size) : "";
        Pipe pipe;
        Child child = writer(text, pipe.write);
        pipe.write.reset();
        EXPECT_EQ(read_all(pipe.read), text);
        EXPECT_EQ(child.wait(), wrote_all);
    }
}

TEST(Output, AClosedPipeIsAQuietEnd) {
    Pipe pipe;
    pipe.read.reset();
    EXPECT_EQ(writer("x", pipe.write).wait(), was_closed);
}

TEST(Output, APipeClosedInTheMiddleIsAQuietEnd) {
    Pipe pipe;
    Child child = writer(text_of(1 << 22), pipe.write);
    pipe.write.reset();
    ASSERT_TRUE(becomes_full(pipe.read));
    pipe.read.reset();
    EXPECT_EQ(child.wait(), was_closed);
}

TEST(Output, AFullDiskIsAnOutputError) {
    const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(writer("x", full).wait(), static_cast<int>(Exit::output));
    Child child(
        [] {
            const auto written = write_output("x");
            return !written && written.error().code == ENOSPC &&
                           written.error().text ==
                               "cannot write to standard output: no space left on device"
                       ? 0
                       : 1;
        },
        full.get());
    EXPECT_EQ(child.wait(), 0);
}

TEST(Output, NoOutputAtAllIsAnOutputError) {
    Child child([] {
        close(STDOUT_FILENO);
        return status_of(write_output("x"));
    });
    EXPECT_EQ(child.wait(), static_cast<int>(Exit::output));
}

// The next program of the pipeline may have made the pipe non-blocking.
TEST(Output, ASlowReaderOfANonBlockingPipeGetsEverything) {
    const std::string text = text_of(1 << 20);
    Pipe pipe;
    ASSERT_EQ(fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK), 0);
    Child child = writer(text, pipe.write);
    pipe.write.reset();
    std::string got;
    char page[4096]; // whole pages, so that a full pipe is full to its last byte
    const auto capacity = static_cast<size_t>(fcntl(pipe.read.get(), F_GETPIPE_SZ));
    while (got.size() + 2 * capacity < text.size()) {
        ASSERT_TRUE(becomes_full(pipe.read));
        for (size_t pages = got.size() / 65536 % 8 + 1; pages > 0; pages--) {
            ASSERT_EQ(read(pipe.read.get(), page, sizeof page), static_cast<ssize_t>(sizeof page));
            got.append(page, sizeof page);
        }
    }
    got += read_all(pipe.read);
    EXPECT_TRUE(got == text) << got.size() << " of " << text.size();
    EXPECT_EQ(child.wait(), wrote_all);
}

TEST(Output, AfterASignalWhoReadsGetsEverything) {
    const std::string text = text_of(1 << 20);
    Pipe pipe;
    Child child = writer(text, pipe.write);
    pipe.write.reset();
    ASSERT_TRUE(becomes_full(pipe.read));
    child.kill(SIGTERM);
    EXPECT_TRUE(read_all(pipe.read) == text);
    EXPECT_EQ(child.wait(), wrote_all);
}

// The same with a signal during a write that has not written anything yet.
TEST(Output, ASignalDuringABlockedWriteIsNoError) {
    Pipe pipe;
    const std::string before(static_cast<size_t>(fcntl(pipe.write.get(), F_GETPIPE_SZ)), 'b');
    ASSERT_EQ(write(pipe.write.get(), before.data(), before.size()),
              static_cast<ssize_t>(before.size()));
    Child child = writer("after", pipe.write);
    pipe.write.reset();
    ASSERT_TRUE(child.falls_asleep());
    child.kill(SIGTERM);
    EXPECT_TRUE(read_all(pipe.read) == before + "after");
    EXPECT_EQ(child.wait(), wrote_all);
}

// The tool waits a second for a receiver that takes nothing, whether the signal came before or
// during the write.
TEST(Output, AfterASignalWhoTakesNothingIsGivenUp) {
    const std::string text = text_of(1 << 20);
    Pipe before, middle;
    const Stopwatch watch;
    Child early(
        [text] {
            catch_stop_signals();
            raise(SIGTERM);
            return status_of(write_output(text));
        },
        before.write.get());
    Child blocked = writer(text, middle.write);
    ASSERT_TRUE(becomes_full(middle.read));
    blocked.kill(SIGINT);
    EXPECT_EQ(early.wait(), static_cast<int>(Exit::output));
    EXPECT_GT(watch.seconds(), 0.9);
    EXPECT_EQ(blocked.wait(), static_cast<int>(Exit::output));
    EXPECT_LT(watch.seconds(), patience);
}

// Runs work with fd as standard output.
int with_output(const Fd &fd, const std::function<int()> &work) {
    return Child(work, fd.get()).wait();
}

TEST(Output, KnowsWithoutWritingWhetherAPipeIsClosed) {
    Pipe pipe;
    const auto closed = [] { return output_closed() ? 1 : 0; };
    EXPECT_EQ(with_output(pipe.write, closed), 0);
    pipe.read.reset();
    EXPECT_EQ(with_output(pipe.write, closed), 1);
    const Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(with_output(null, closed), 0);
    const Fd file(memfd_create("output-test", MFD_CLOEXEC));
    EXPECT_EQ(with_output(file, closed), 0);
}

TEST(Output, KnowsWithoutWritingWhetherASocketIsClosed) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const Fd ours(ends[0]);
    Fd theirs(ends[1]);
    const auto closed = [] { return output_closed() ? 1 : 0; };
    EXPECT_EQ(with_output(ours, closed), 0);
    theirs.reset();
    EXPECT_EQ(with_output(ours, closed), 1);
}

} // namespace
} // namespace pinpipe
