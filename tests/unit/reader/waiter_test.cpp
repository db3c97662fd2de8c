// SPDX-License-Identifier: MIT
#include "tools/reader/waiter.h"

#include "lib/base/output.h"
#include "lib/base/signals.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/stopwatch.h"

#include <csignal>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

constexpr int long_wait = 300'000; // milliseconds; longer than any test may take
constexpr int no_waiter = 90;

// Runs work(waiter) in a child whose standard output is out, with no other descriptor of that pipe.
// The waiter waits for the pipe input.
class Waiting {
public:
    explicit Waiting(const std::function<int(Waiter &)> &work)
        : child_([this, work] { return run(work); }, out.write.get()) {
        out.write.reset();
        ready_.write.reset();
        EXPECT_TRUE(readable(ready_.read));
    }
    Child &child() { return child_; }

    Pipe input, out;

private:
    int run(const std::function<int(Waiter &)> &work) {
        out.read.reset();
        out.write.reset();
        catch_stop_signals();
        auto waiter = Waiter::make(input.read.get());
        ready_.write.reset();
        return waiter ? work(*waiter) : no_waiter;
    }
    Pipe ready_;
    Child child_;
};

// Returns 0 if it took less than a long wait.
int wait_long(Waiter &waiter) {
    const Stopwatch watch;
    waiter.wait(long_wait);
    return watch.seconds() < patience ? 0 : 1;
}

TEST(Waiter, EndsWithTheInput) {
    Waiting waiting(wait_long);
    ASSERT_EQ(write(waiting.input.write.get(), "x", 1), 1);
    EXPECT_EQ(waiting.child().wait(), 0);
}

TEST(Waiter, EndsWithTheTime) {
    Waiting waiting([](Waiter &waiter) {
        const Stopwatch watch;
        waiter.wait(50);
        waiter.wait(0);
        return watch.seconds() >= 0.05 && watch.seconds() < patience ? 0 : 1;
    });
    EXPECT_EQ(waiting.child().wait(), 0);
}

TEST(Waiter, EndsWithTheReceiver) {
    Waiting waiting([](Waiter &waiter) { return wait_long(waiter) || !output_closed(); });
    waiting.out.read.reset();
    EXPECT_EQ(waiting.child().wait(), 0);
}

TEST(Waiter, EndsWithASignal) {
    Waiting waiting([](Waiter &waiter) { return wait_long(waiter) || !stop_requested(); });
    waiting.child().kill(SIGTERM);
    EXPECT_EQ(waiting.child().wait(), 0);
    Waiting before([](Waiter &waiter) {
        raise(SIGINT);
        return wait_long(waiter);
    });
    EXPECT_EQ(before.child().wait(), 0);
}

// Unread data wakes once, not at every wait until it has been read.
TEST(Waiter, WakesForWhatIsNew) {
    Pipe answer;
    Waiting waiting([&](Waiter &waiter) {
        if (wait_long(waiter))
            return 1;
        const Stopwatch watch;
        waiter.wait(50);
        if (watch.seconds() < 0.05)
            return 2;
        EXPECT_EQ(write(answer.write.get(), "x", 1), 1);
        return wait_long(waiter);
    });
    ASSERT_EQ(write(waiting.input.write.get(), "x", 1), 1);
    ASSERT_TRUE(readable(answer.read, long_wait));
    ASSERT_EQ(write(waiting.input.write.get(), "x", 1), 1);
    EXPECT_EQ(waiting.child().wait(), 0);
}

// Some kinds of output cannot be polled; the ring still can.
TEST(Waiter, AnyKindOfOutputWillDo) {
    const Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    Pipe input;
    ASSERT_EQ(write(input.write.get(), "x", 1), 1);
    Child child(
        [&] {
            auto waiter = Waiter::make(input.read.get());
            return waiter ? wait_long(*waiter) : no_waiter;
        },
        null.get());
    EXPECT_EQ(child.wait(), 0);
}

TEST(Waiter, NothingToWaitForIsAnError) {
    const auto waiter = Waiter::make(1 << 20); // no such descriptor
    ASSERT_FALSE(waiter);
    EXPECT_EQ(waiter.error().text, "cannot wait for a ring: bad file descriptor");
}

} // namespace
} // namespace pinpipe
