// SPDX-License-Identifier: MIT
#include "tools/store/feed.h"

#include "tests/unit/support/child.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <thread>

namespace pinpipe::store {
namespace {

using namespace std::chrono_literals;

void fill(const Fd &to, const std::string &text) {
    for (size_t at = 0; at < text.size();) {
        const ssize_t count = write(to.get(), text.data() + at, text.size() - at);
        ASSERT_GT(count, 0);
        at += static_cast<size_t>(count);
    }
}

std::string all_of(Feed &feed, uint64_t &lines) {
    std::string text;
    while (!feed.ended())
        if (const auto block = feed.take(100ms)) {
            EXPECT_EQ(block->first_line, lines + 1);
            lines += block->lines;
            text += block->text;
        }
    return text;
}

TEST(StoreFeed, LinesOfAnySplit) {
    const std::string text = "one\n\ntwo\nthree";
    for (size_t cut = 0; cut <= text.size(); cut++) {
        Pipe pipe;
        Feed feed(pipe.read.get());
        fill(pipe.write, text.substr(0, cut));
        std::this_thread::sleep_for(1ms);
        fill(pipe.write, text.substr(cut));
        pipe.write.reset();
        uint64_t lines = 0;
        EXPECT_EQ(all_of(feed, lines), text + "\n");
        EXPECT_EQ(lines, 4u);
    }
}

TEST(StoreFeed, ALineWithoutAnEndIsCut) {
    Pipe pipe;
    Feed feed(pipe.read.get());
    std::thread writer([&] {
        fill(pipe.write, std::string(5'000'000, 'x') + "\nnext\n");
        pipe.write.reset();
    });
    uint64_t lines = 0;
    const std::string text = all_of(feed, lines);
    writer.join();
    EXPECT_EQ(lines, 2u);
    EXPECT_EQ(text.size(), Feed::longest_line + 7);
    EXPECT_TRUE(text.ends_with("x{\nnext\n"));
}

TEST(StoreFeed, WhoeverWritesToAPipeWaitsNoLongerThanAMoment) {
    Pipe pipe;
    Feed feed(pipe.read.get());
    std::string lines;
    for (int i = 0; i < 1000; i++)
        lines += R"({"event_type":"usage","x":")" + std::string(1000, 'x') + "\"}\n";
    const Stopwatch watch;
    for (int i = 0; i < 30; i++) // 30 MB, which are not taken
        fill(pipe.write, lines);
    pipe.write.reset();
    EXPECT_LT(watch.seconds(), patience);
    while (!feed.closed())
        std::this_thread::sleep_for(1ms);
    uint64_t kept = 0, lost = 0;
    auto given_up = feed.given_up();
    for (const auto &[type, count] : given_up)
        lost += count;
    while (const auto block = feed.take(0ms)) {
        kept += block->lines;
        // each block that is left says itself how many lines it has
        EXPECT_EQ(block->lines,
                  static_cast<uint64_t>(std::count(block->text.begin(), block->text.end(), '\n')));
    }
    EXPECT_EQ(kept + lost, 30'000u);
    EXPECT_EQ(given_up.size(), 1u);
    EXPECT_GT(given_up["usage"], 5000u);
    EXPECT_TRUE(feed.given_up().empty());
}

TEST(StoreFeed, AFileWaits) {
    char name[] = "/tmp/store-feed-XXXXXX";
    const Fd file(mkstemp(name));
    unlink(name);
    const std::string line = std::string(999, 'x') + "\n";
    std::string lines;
    for (int i = 0; i < 30'000; i++)
        lines += line;
    fill(file, lines);
    lseek(file.get(), 0, SEEK_SET);
    Feed feed(file.get());
    std::this_thread::sleep_for(Feed::patience + 300ms);
    uint64_t count = 0;
    EXPECT_EQ(all_of(feed, count).size(), lines.size());
    EXPECT_EQ(count, 30'000u);
    EXPECT_TRUE(feed.given_up().empty());
}

TEST(StoreFeed, WhatLinesClaimToBe) {
    EXPECT_EQ(claimed_type(R"({"v":1,"event_type":"usage"})"), "usage");
    EXPECT_EQ(claimed_type(R"({"event_type": "a_b"})"), "a_b");
    for (const char *bad :
         {"", "{}", R"({"event_type":7})", R"({"event_type":")", R"({"event_type":""})",
          R"({"event_type":"A"})", R"({"event_type":"x\u001b"})", R"({"event_type":)",
          R"({"event_type":"abcdefghijklmnopqrstuvwxyz"})"})
        EXPECT_EQ(claimed_type(bad), "unknown") << bad;
}

} // namespace
} // namespace pinpipe::store
