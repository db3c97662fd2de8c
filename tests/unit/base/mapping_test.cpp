// SPDX-License-Identifier: MIT
#include "lib/base/mapping.h"

#include "lib/base/fd.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

constexpr int both = PROT_READ | PROT_WRITE;

size_t page() {
    return static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

Fd memory(size_t size) {
    Fd fd(memfd_create("mapping-test", MFD_CLOEXEC));
    EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    return fd;
}

bool is_mapped(void *at) {
    unsigned char resident = 0;
    return mincore(at, page(), &resident) == 0;
}

TEST(Mapping, IsSharedAndAtItsOffset) {
    const Fd fd = memory(3 * page());
    auto first = Mapping::map(fd.get(), page(), both, 0, "first");
    auto third = Mapping::map(fd.get(), page(), both, static_cast<off_t>(2 * page()), "third");
    ASSERT_TRUE(first && third);
    EXPECT_EQ(first->size(), page());
    std::strcpy(first->as<char>(), "one");
    std::strcpy(third->as<char>(), "three");
    char text[8] = "";
    EXPECT_EQ(pread(fd.get(), text, sizeof text, 0), static_cast<ssize_t>(sizeof text));
    EXPECT_STREQ(text, "one");
    EXPECT_GT(pread(fd.get(), text, sizeof text, static_cast<off_t>(2 * page())), 0);
    EXPECT_STREQ(text, "three");
}

TEST(Mapping, OutlivesTheDescriptorAndEndsOnce) {
    void *at = nullptr;
    {
        Fd fd = memory(page());
        auto mapping = Mapping::map(fd.get(), page(), both, 0, "it");
        ASSERT_TRUE(mapping);
        at = mapping->as<void>();
        fd.reset();
        EXPECT_TRUE(is_mapped(at));
        Mapping moved(std::move(*mapping));
        EXPECT_EQ(mapping->as<void>(), nullptr); // NOLINT: tests a moved-from Mapping
        EXPECT_EQ(mapping->size(), 0u);
        EXPECT_EQ(moved.as<void>(), at);
        Mapping assigned;
        assigned = std::move(moved);
        EXPECT_EQ(assigned.as<void>(), at);
        EXPECT_EQ(assigned.size(), page());
        Mapping &same = assigned;
        assigned = std::move(same);
        EXPECT_TRUE(is_mapped(at));
    }
    EXPECT_FALSE(is_mapped(at));
    EXPECT_EQ(errno, ENOMEM);
}

TEST(Mapping, AssigningEndsTheOldOne) {
    const Fd fd = memory(2 * page());
    auto old = Mapping::map(fd.get(), page(), both, 0, "old");
    ASSERT_TRUE(old);
    void *const at = old->as<void>();
    {
        auto fresh = Mapping::map(fd.get(), page(), both, static_cast<off_t>(page()), "new");
        ASSERT_TRUE(fresh);
        *old = std::move(*fresh);
    }
    EXPECT_FALSE(is_mapped(at));
    EXPECT_TRUE(is_mapped(old->as<void>()));
}

TEST(Mapping, ErrorsNameTheSubject) {
    const auto closed = Mapping::map(-1, page(), both, 0, "/run/ebpf/x");
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().code, EBADF);
    EXPECT_EQ(closed.error().text, "cannot map /run/ebpf/x: bad file descriptor");
    const Fd fd = memory(page());
    const auto odd = Mapping::map(fd.get(), page(), both, 1, "odd");
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error().text, "cannot map odd: invalid argument");
    EXPECT_EQ(odd.error().exit, Exit::failed);
    const Fd readable(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const auto refused = Mapping::map(readable.get(), page(), both, 0, "it");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "cannot map it: permission denied");
    EXPECT_EQ(refused.error().exit, Exit::not_permitted);
}

} // namespace
} // namespace pinpipe
