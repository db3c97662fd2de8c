// SPDX-License-Identifier: MIT
#include "lib/base/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <type_traits>

namespace pinpipe {
namespace {

static_assert(!std::is_copy_constructible_v<Fd> && !std::is_copy_assignable_v<Fd>);
static_assert(std::is_nothrow_move_constructible_v<Fd> && std::is_nothrow_move_assignable_v<Fd>);
static_assert(!std::is_convertible_v<Fd, int> && !std::is_convertible_v<int, Fd>);

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

int open_one() {
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(Fd, ClosesOnDestruction) {
    const int number = open_one();
    {
        const Fd fd(number);
        EXPECT_TRUE(fd.valid());
        EXPECT_EQ(fd.get(), number);
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
    EXPECT_EQ(errno, EBADF);
}

TEST(Fd, NothingInIt) {
    EXPECT_FALSE(Fd().valid());
    EXPECT_EQ(Fd().get(), -1);
    EXPECT_FALSE(Fd(-1).valid());
    EXPECT_FALSE(Fd(-22).valid());
    EXPECT_TRUE(Fd(fcntl(0, F_DUPFD_CLOEXEC, 0)).valid());
}

TEST(Fd, MovingTakesItAway) {
    const int number = open_one();
    Fd from(number);
    {
        const Fd to(std::move(from));
        EXPECT_EQ(to.get(), number);
        EXPECT_FALSE(from.valid()); // NOLINT: tests a moved-from Fd
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(Fd, AssigningClosesBothOnce) {
    const int first = open_one(), second = open_one();
    {
        Fd to(first);
        {
            Fd from(second);
            to = std::move(from);
            EXPECT_EQ(to.get(), second);
        }
        EXPECT_FALSE(is_open(first));
        EXPECT_TRUE(is_open(second));
    }
    EXPECT_FALSE(is_open(second));
}

TEST(Fd, AssigningToItself) {
    const int number = open_one();
    Fd fd(number);
    Fd &same = fd;
    fd = std::move(same);
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(Fd, ResetClosesAtOnce) {
    const int number = open_one();
    Fd fd(number);
    fd.reset();
    EXPECT_FALSE(fd.valid());
    EXPECT_FALSE(is_open(number));
    fd.reset();
    EXPECT_FALSE(fd.valid());
}

// Closing again would close another file, which has the same number by then.
TEST(Fd, AMovedOneClosesNothing) {
    const int number = open_one();
    {
        Fd from(number);
        { const Fd to(std::move(from)); }
        ASSERT_FALSE(is_open(number));
        ASSERT_EQ(open_one(), number) << "the lowest number is free again";
        from.reset(); // NOLINT: tests a moved-from Fd
    }
    EXPECT_TRUE(is_open(number));
    EXPECT_EQ(close(number), 0);
}

} // namespace
} // namespace pinpipe
