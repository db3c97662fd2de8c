// SPDX-License-Identifier: MIT
#include "lib/base/signals.h"

#include "tests/unit/support/child.h"
#include "tests/unit/support/stopwatch.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <gtest/gtest.h>
#include <sys/ptrace.h>

namespace pinpipe {
namespace {

constexpr int long_wait = 300'000; // milliseconds; longer than any test may take

TEST(Signals, AFirstOneIsNoted) {
    for (int signal : {SIGINT, SIGTERM}) {
        Child child([signal] {
            catch_stop_signals();
            if (stop_requested())
                return 1;
            raise(signal);
            return stop_requested() ? 0 : 2;
        });
        EXPECT_EQ(child.wait(), 0) << signal;
    }
}

void wait_a_second() {
    const timespec second{1, 0};
    nanosleep(&second, nullptr);
}

// timeout(1) signals its child, and then the process group, which has the child too.
TEST(Signals, ASecondOneThatComesWithTheFirstChangesNothing) {
    Child child([] {
        catch_stop_signals();
        raise(SIGTERM);
        raise(SIGTERM);
        raise(SIGINT);
        return stop_requested() ? 0 : 1;
    });
    EXPECT_EQ(child.wait(), 0);
}

TEST(Signals, QuitAndHangUpAreStopSignalsIfAskedFor) {
    for (int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) {
        Child child([signal] {
            catch_all_stop_signals();
            raise(signal);
            return stop_requested() ? 0 : 1;
        });
        EXPECT_EQ(child.wait(), 0) << signal;
    }
}

TEST(Signals, ALaterSecondOneEndsTheProcess) {
    for (const auto &[first, second] : {std::pair(SIGINT, SIGINT), std::pair(SIGTERM, SIGTERM),
                                        std::pair(SIGINT, SIGTERM), std::pair(SIGTERM, SIGINT)}) {
        Child child([first = first, second = second] {
            catch_stop_signals();
            raise(first);
            wait_a_second();
            raise(second);
            return 0;
        });
        EXPECT_EQ(child.wait(), 128 + second) << first << ", then " << second;
    }
}

TEST(Signals, ABlockedWriteComesBack) {
    Pipe out;
    Child child([&] {
        catch_stop_signals();
        const std::string much(1 << 20, 'x');
        const ssize_t count = write(out.write.get(), much.data(), much.size());
        return count < static_cast<ssize_t>(much.size()) && stop_requested() ? 0 : 1;
    });
    ASSERT_TRUE(readable(out.read));
    child.kill(SIGTERM);
    EXPECT_EQ(child.wait(), 0);
}

TEST(Signals, ABrokenPipeIsAnError) {
    Child child([] {
        catch_stop_signals();
        Pipe broken;
        broken.read.reset();
        return write(broken.write.get(), "x", 1) < 0 && errno == EPIPE ? 0 : 1;
    });
    EXPECT_EQ(child.wait(), 0);
}

TEST(Signals, PollReturnsWhatIsReady) {
    Pipe pipe;
    pollfd one{pipe.read.get(), POLLIN, 0};
    Stopwatch watch;
    EXPECT_EQ(poll_until_stop(&one, 1, 0), 0);
    EXPECT_EQ(poll_until_stop(&one, 1, 30), 0);
    EXPECT_GE(watch.seconds(), 0.03);
    ASSERT_EQ(write(pipe.write.get(), "x", 1), 1);
    EXPECT_EQ(poll_until_stop(&one, 1, long_wait), 1);
    EXPECT_EQ(one.revents, POLLIN);
}

TEST(Signals, PollReturnsAtOnceAfterASignal) {
    Child child([] {
        catch_stop_signals();
        raise(SIGTERM);
        Pipe pipe;
        pollfd one{pipe.read.get(), POLLIN, 0};
        const Stopwatch watch;
        const int ready = poll_until_stop(&one, 1, long_wait);
        if (ready >= 0 || errno != EINTR)
            return 1;
        return watch.seconds() < patience ? 0 : 2;
    });
    EXPECT_EQ(child.wait(), 0);
}

// A child that polls for long; it is stopped before the poll and can be stepped by instructions.
class Polling {
public:
    static constexpr int no_trace = 99;

    Polling()
        : child_([] {
              catch_stop_signals();
              poll_until_stop(nullptr, 0, 0); // the dynamic linker's first work is done
              if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
                  return no_trace;
              raise(SIGSTOP);
              const Stopwatch watch;
              poll_until_stop(nullptr, 0, long_wait);
              return stop_requested() && watch.seconds() < patience ? 0 : 1;
          }) {}
    // Returns false if a child cannot be traced here.
    bool stopped() {
        int status = 0;
        return waitpid(child_.pid(), &status, WUNTRACED) == child_.pid() && WIFSTOPPED(status);
    }
    // Runs one instruction. Returns false if the child sleeps for longer than a moment.
    bool step() {
        int status = 0, asleep = 0;
        ptrace(PTRACE_SINGLESTEP, child_.pid(), nullptr, nullptr);
        while (waitpid(child_.pid(), &status, WNOHANG) == 0)
            if (asleep = child_.sleeps() ? asleep + 1 : 0; asleep == 100)
                return false;
        return true;
    }
    // Lets the child go on with a signal, and returns its exit status.
    int end_with(int signal) {
        int status = 0;
        const auto code = static_cast<intptr_t>(signal);
        if (ptrace(PTRACE_DETACH, child_.pid(), nullptr, code) != 0) { // it sleeps
            child_.kill(signal);
            while (waitpid(child_.pid(), &status, 0) > 0 && WIFSTOPPED(status) &&
                   WSTOPSIG(status) != signal) // the step ends first
                ptrace(PTRACE_CONT, child_.pid(), nullptr, nullptr);
            ptrace(PTRACE_DETACH, child_.pid(), nullptr, code);
        }
        return child_.wait();
    }

private:
    Child child_;
};

// Sends the signal before each of the last instructions before the child sleeps, up to the very
// last: the child never sleeps on.
TEST(Signals, PollEndsWhereverTheSignalComes) {
    constexpr int looked_at = 60;
    int last = 0;
    {
        Polling polling;
        if (!polling.stopped())
            GTEST_SKIP() << "a child cannot be traced here";
        while (polling.step())
            last++;
    }
    ASSERT_GT(last, looked_at);
    for (int at = last - looked_at; at <= last; at++) {
        Polling polling;
        ASSERT_TRUE(polling.stopped());
        for (int i = 0; i < at && polling.step(); i++)
            ; // the number of instructions varies
        ASSERT_EQ(polling.end_with(SIGTERM), 0) << last - at << " instructions before it sleeps";
    }
}

TEST(Signals, PollEndsWhileItSleeps) {
    Child child([] {
        catch_stop_signals();
        const Stopwatch watch;
        poll_until_stop(nullptr, 0, long_wait);
        return stop_requested() && watch.seconds() < patience ? 0 : 1;
    });
    ASSERT_TRUE(child.falls_asleep());
    child.kill(SIGINT);
    EXPECT_EQ(child.wait(), 0);
}

TEST(Signals, PollLeavesTheMaskAsItWas) {
    Child child([] {
        catch_stop_signals();
        sigset_t set, after;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_SETMASK, &set, nullptr);
        for (int round = 0; round < 2; round++) {
            poll_until_stop(nullptr, 0, 0);
            sigprocmask(SIG_BLOCK, nullptr, &after);
            for (int signal = 1; signal < 32; signal++)
                if (sigismember(&after, signal) != (signal == SIGUSR1))
                    return 1;
            if (round == 0) // the second poll comes after a stop
                raise(SIGINT);
        }
        return 0;
    });
    EXPECT_EQ(child.wait(), 0);
}

TEST(Signals, DeferredOnesWaitForTheEnd) {
    Child child([] {
        defer_stop_signals();
        for (int signal : {SIGINT, SIGTERM, SIGHUP})
            ::kill(getpid(), signal);
        sigset_t pending;
        sigpending(&pending);
        for (int signal : {SIGINT, SIGTERM, SIGHUP})
            if (!sigismember(&pending, signal))
                return 1;
        return stop_requested() ? 2 : 0;
    });
    EXPECT_EQ(child.wait(), 0);
}

} // namespace
} // namespace pinpipe
