// SPDX-License-Identifier: MIT
#include "tools/ctl/attachment.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace pinpipe::ctl {
namespace {

TEST(Attachment, HasAWordForEachState) {
    EXPECT_STREQ(attached_text(Attached::yes), "attached");
    EXPECT_STREQ(attached_text(Attached::gone), "gone");
    EXPECT_STREQ(attached_text(Attached::exchanged), "exchanged");
    EXPECT_STREQ(attached_text(Attached::unpinned), "unpinned");
    EXPECT_STREQ(attached_text(Attached::unknown), "unknown");
}

TEST(Attachment, WithoutAPinNothingIsAttached) {
    const Pins pins("/nonexistent");
    hook_record hook{};
    hook.kind = HOOK_XDP;
    EXPECT_EQ(hook_attached(pins, 0, hook), Attached::unpinned);
    EXPECT_EQ(sent_attached(pins, 0, hook), std::nullopt) << "nothing counts what it sends";
    hook.flags = HOOK_SENT;
    EXPECT_EQ(sent_attached(pins, 0, hook), Attached::unpinned);
    hook.kind = HOOK_SOCKETS;
    EXPECT_EQ(sent_attached(pins, 0, hook), std::nullopt);
}

TEST(Attachment, OfACgroupThatIsGoneOrRemade) {
    const Pins pins("/nonexistent");
    cgroup_record record{};
    record.id = 1;
    std::strcpy(record.path, "/nonexistent/app");
    EXPECT_EQ(cgroup_attached(pins, 0, record), Attached::gone);
    std::strcpy(record.path, "/proc/self"); // is there, as another inode
    EXPECT_EQ(cgroup_attached(pins, 0, record), Attached::gone);
    struct stat st {};
    ASSERT_EQ(stat("/", &st), 0);
    record.id = st.st_ino;
    std::strcpy(record.path, "/");
    EXPECT_EQ(cgroup_attached(pins, 0, record), Attached::unknown) << "its links cannot be listed";
}

} // namespace
} // namespace pinpipe::ctl
