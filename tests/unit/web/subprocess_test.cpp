// SPDX-License-Identifier: MIT
#include "tools/web/common/subprocess.h"

#include "tests/unit/support/child.h"

#include <gtest/gtest.h>

namespace pinpipe::web {
namespace {

std::shared_ptr<Subprocess> started(Subprocesses &children, const std::string &script) {
    auto child = children.start("sh", {"-c", script});
    EXPECT_TRUE(child && *child);
    return *child;
}

void finish(Subprocesses &children, const web::Subprocess &child) {
    while (!child.done) {
        std::vector<pollfd> all;
        for (const int handle : children.handles())
            all.push_back({handle, POLLIN, 0});
        poll(all.data(), all.size(), 5000);
        children.collect();
    }
}

TEST(WebChildren, OutputAndStatus) {
    Subprocesses children;
    const auto child = started(children, "echo out; echo 'tool: why' >&2; echo more >&2; exit 3");
    finish(children, *child);
    EXPECT_EQ(child->status(), 3);
    EXPECT_EQ(child->output(), "out\n");
    EXPECT_EQ(child->complaint(), "tool: why");
    EXPECT_TRUE(children.handles().empty());
}

TEST(WebChildren, TooMuchIsEnded) {
    Subprocesses children;
    const auto child = started(children, "sleep 0.2; exec yes");
    finish(children, *child);
    EXPECT_EQ(child->status(), -1);
    EXPECT_LE(child->output_size(), Subprocesses::most_output);
    EXPECT_NE(child->complaint().find("ask for less"), std::string::npos);
}

TEST(WebChildren, NotTooManyAndNoneThatNobodyWaitsFor) {
    Subprocesses children;
    std::vector<std::shared_ptr<Subprocess>> all;
    for (size_t i = 0; i < Subprocesses::most; i++)
        all.push_back(started(children, "sleep 100"));
    EXPECT_EQ(*children.start("sh", {"-c", "true"}), nullptr);
    all.clear();
    EXPECT_NE(*children.start("sh", {"-c", "true"}), nullptr);
    EXPECT_FALSE(children.start("no-such-tool", {}));
}

} // namespace
} // namespace pinpipe::web
