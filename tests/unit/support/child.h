// SPDX-License-Identifier: MIT
// Runs work in a child process, with separate standard output, signals, credentials and end.
#pragma once

#include "lib/base/fd.h"
#include "tests/unit/support/stopwatch.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace pinpipe {

struct Pipe {
    Fd read, write;
    explicit Pipe(int flags = O_CLOEXEC) {
        int ends[2];
        if (pipe2(ends, flags) != 0)
            throw std::runtime_error("no pipe");
        read = Fd(ends[0]);
        write = Fd(ends[1]);
    }
};

// Starts work at once; its result is the exit status. The child never outlives the test, and ends
// within ten minutes (by SIGALRM). out: the child's standard output, or -1.
class Child {
public:
    explicit Child(const std::function<int()> &work, int out = -1) {
        std::fflush(nullptr); // else the child would print it again
        const pid_t parent = getpid();
        pid_ = fork();
        if (pid_ < 0)
            throw std::runtime_error("cannot fork");
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent)
                _exit(125);
            alarm(600);
            if (out >= 0)
                dup2(out, STDOUT_FILENO);
            _exit(work());
        }
    }
    Child(Child &&other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    ~Child() {
        kill(SIGKILL);
        wait();
    }

    pid_t pid() const { return pid_; }
    void kill(int signal) const {
        if (pid_ > 0)
            ::kill(pid_, signal);
    }
    // Waits until the child sleeps in a system call that waits. Returns false if it never does.
    bool falls_asleep() const {
        constexpr int soundly = 20; // times in a row seen asleep: short waits before do not count
        const Stopwatch watch;
        int looks = 0;
        while (looks < soundly && watch.seconds() < patience) {
            looks = sleeps() ? looks + 1 : 0;
            sched_yield();
        }
        return looks == soundly;
    }
    bool sleeps() const {
        std::string stat;
        std::getline(std::ifstream("/proc/" + std::to_string(pid_) + "/stat"), stat);
        return stat.find(") S ") != stat.npos;
    }
    // Returns the exit status, or 128 + the signal that ended the child; -1 after an earlier
    // wait().
    int wait() {
        int status = 0;
        if (pid_ <= 0 || waitpid(pid_, &status, 0) != pid_)
            return -1;
        pid_ = -1;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

private:
    pid_t pid_ = -1;
};

// Reads until every process has closed the other end.
inline std::string read_all(const Fd &fd) {
    std::string all;
    char part[65536];
    for (ssize_t count; (count = read(fd.get(), part, sizeof part)) != 0;)
        if (count > 0)
            all.append(part, static_cast<size_t>(count));
        else if (errno != EINTR)
            break;
    return all;
}

// Returns whether fd becomes readable (or its other end is closed) in time.
inline bool readable(const Fd &fd, int milliseconds = 120000) {
    pollfd one{fd.get(), POLLIN, 0};
    return poll(&one, 1, milliseconds) > 0;
}

struct Finished {
    int status; // as of Child::wait()
    std::string out;
    std::string err;
};

// Runs work in a child and waits for its end.
inline Finished run_child(const std::function<int()> &work) {
    Pipe out, err;
    Child child([&] {
        dup2(out.write.get(), STDOUT_FILENO);
        dup2(err.write.get(), STDERR_FILENO);
        return work();
    });
    out.write.reset();
    err.write.reset();
    // A test's stderr fits into its pipe, so that reading one pipe after the other cannot hang.
    const std::string out_text = read_all(out.read), err_text = read_all(err.read);
    return {child.wait(), out_text, err_text};
}

} // namespace pinpipe
