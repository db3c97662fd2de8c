// SPDX-License-Identifier: MIT
#include "lib/pins/links.h"

#include "tests/unit/support/bpffs.h"

#include <fcntl.h>
#include <linux/bpf.h>

namespace pinpipe {
namespace {

// Pins that are no XDP link. tests/cli has links that are attached to interfaces.
class LinksTest : public BpffsTest {};

TEST_F(LinksTest, AMissingPin) {
    const auto link = open_link(below("links/0"));
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().text, "cannot open " + below("links/0") + ": no such file or directory");
    EXPECT_EQ(link.error().code, ENOENT);
}

TEST_F(LinksTest, WhatIsNoLink) {
    const Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (const Fd &none : {Fd(), Fd(dup(file.get()))}) {
        const auto state = inspect_link(none);
        ASSERT_FALSE(state);
        EXPECT_EQ(state.error().text.rfind("cannot inspect a link: ", 0), 0u);
    }
}

// A pinned map of that name is not taken for a link.
TEST_F(LinksTest, AMapInItsPlace) {
    make_pin({"map", "", BPF_MAP_TYPE_HASH, 8, 8, 6, 0, 0}, "0");
    const auto map = open_link(below("0"));
    ASSERT_TRUE(map);
    const auto state = inspect_link(*map);
    EXPECT_FALSE(state && state->ifindex) << "whatever it is, it is attached nowhere";
}

} // namespace
} // namespace pinpipe
