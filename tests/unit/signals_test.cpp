#include "lib/signals.h"

#include "tests/unit/support/child.h"
#include "tests/unit/support/stopwatch.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <random>

namespace pinpipe {
namespace {

constexpr int long_wait = 20'000; // milliseconds; no test takes that long unless it fails

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

TEST(Signals, ASecondOneEndsTheProcess) {
    for (const auto &[first, second] : {std::pair(SIGINT, SIGINT), std::pair(SIGTERM, SIGTERM),
                                        std::pair(SIGINT, SIGTERM), std::pair(SIGTERM, SIGINT)}) {
        Child child([first = first, second = second] {
            catch_stop_signals();
            raise(first);
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
        return watch.seconds() < 5 ? 0 : 2;
    });
    EXPECT_EQ(child.wait(), 0);
}

// The signal comes before, between and in the middle: never is it slept over.
TEST(Signals, PollEndsWheneverTheSignalComes) {
    std::mt19937 random(8);
    for (int i = 0; i < 100; i++) {
        Pipe ready;
        Child child([&] {
            catch_stop_signals();
            ready.write.reset();
            const Stopwatch watch;
            poll_until_stop(nullptr, 0, long_wait);
            return stop_requested() && watch.seconds() < 10 ? 0 : 1;
        });
        ready.write.reset();
        ASSERT_TRUE(readable(ready.read));
        for (volatile auto spin = random() % 100000; spin > 0;)
            spin = spin - 1;
        child.kill(SIGTERM);
        ASSERT_EQ(child.wait(), 0);
    }
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
            if (round == 0) // and after one that was stopped
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
