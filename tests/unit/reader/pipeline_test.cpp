// SPDX-License-Identifier: MIT
#include "tools/reader/pipeline.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace pinpipe::reader {
namespace {

// A process in a process group of its own that holds a file descriptor, until this object's end.
class Holder {
public:
    explicit Holder(int fd) : pid_(fork()) {
        if (pid_ == 0) {
            setpgid(0, 0);
            dup2(fd, STDIN_FILENO);
            close_range(STDERR_FILENO + 1, ~0U, 0);
            pause();
            _exit(0);
        }
        setpgid(pid_, pid_);
        while (true) { // until it has closed all else
            struct stat st {};
            const std::string last = "/proc/" + std::to_string(pid_) + "/fd/" + std::to_string(fd);
            if (lstat(last.c_str(), &st) != 0)
                break;
            usleep(1000);
        }
    }
    ~Holder() { end(); }
    Holder(const Holder &) = delete;
    Holder &operator=(const Holder &) = delete;
    uint32_t pid() const { return static_cast<uint32_t>(pid_); }
    void end() {
        if (pid_ > 0 && kill(pid_, SIGKILL) == 0)
            waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    pid_t pid_;
};

// Standard output is a pipe, until this object's end.
class PipedOutput {
public:
    PipedOutput() : before_(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 20)) {
        int ends[2];
        if (before_ < 0 || pipe2(ends, O_CLOEXEC) != 0)
            abort();
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        read_ = fcntl(ends[0], F_DUPFD_CLOEXEC, 30);
        close(ends[0]);
    }
    ~PipedOutput() {
        dup2(before_, STDOUT_FILENO);
        close(before_);
        close(read_);
    }
    PipedOutput(const PipedOutput &) = delete;
    PipedOutput &operator=(const PipedOutput &) = delete;
    int read_end() const { return read_; }

private:
    int before_, read_;
};

bool in_initial_pids() {
    struct stat st {};
    return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == 0xEFFFFFFC;
}

std::vector<uint32_t> processes_of(const Pipeline &pipeline) {
    socket_filter filter{};
    pipeline.write_to(filter);
    EXPECT_EQ(filter.leave_out_own, 1);
    return {filter.own, std::find(filter.own, filter.own + FILTER_OWN, NO_PROCESS)};
}

const Pins no_iterator("/nowhere");

TEST(ReaderPipeline, ProcessGroup) {
    if (!in_initial_pids())
        GTEST_SKIP() << "in a pid namespace of its own";
    const auto pipeline = Pipeline::find(no_iterator);
    ASSERT_TRUE(pipeline);
    socket_filter filter{};
    pipeline->write_to(filter);
    EXPECT_EQ(filter.pgid, static_cast<uint32_t>(getpgid(0)));
}

TEST(ReaderPipeline, WhoHoldsTheOtherEnds) {
    if (!in_initial_pids())
        GTEST_SKIP() << "in a pid namespace of its own";
    std::vector<uint32_t> found, left;
    bool none_ended = true, ended = false;
    uint32_t first = 0, second = 0, stranger = 0;
    {
        const PipedOutput output;
        Holder one(output.read_end()), two(output.read_end()), other(open("/dev/null", O_RDONLY));
        first = one.pid(), second = two.pid(), stranger = other.pid();
        auto pipeline = Pipeline::find(no_iterator);
        if (pipeline) {
            found = processes_of(*pipeline);
            none_ended = pipeline->forget_ended();
            one.end();
            ended = pipeline->forget_ended();
            left = processes_of(*pipeline);
        }
    }
    const auto has = [](const std::vector<uint32_t> &list, uint32_t pid) {
        return std::find(list.begin(), list.end(), pid) != list.end();
    };
    EXPECT_TRUE(has(found, first) && has(found, second));
    EXPECT_FALSE(has(found, stranger));
    EXPECT_FALSE(none_ended);
    EXPECT_TRUE(ended);
    EXPECT_FALSE(has(left, first));
    EXPECT_TRUE(has(left, second));
}

TEST(ReaderPipeline, NoMoreThanTheFilterHolds) {
    if (!in_initial_pids())
        GTEST_SKIP() << "in a pid namespace of its own";
    size_t found = 0;
    {
        const PipedOutput output;
        std::vector<std::unique_ptr<Holder>> holders;
        for (int i = 0; i < FILTER_OWN + 2; i++)
            holders.push_back(std::make_unique<Holder>(output.read_end()));
        if (const auto pipeline = Pipeline::find(no_iterator))
            found = processes_of(*pipeline).size();
    }
    EXPECT_EQ(found, size_t{FILTER_OWN});
}

} // namespace
} // namespace pinpipe::reader
