// SPDX-License-Identifier: MIT
#include "lib/base/line_splitter.h"

#include <gtest/gtest.h>
#include <vector>

namespace pinpipe {
namespace {

using Lines = std::vector<std::pair<std::string, bool>>;

Lines split(const std::vector<std::string> &parts, size_t longest) {
    Lines lines;
    LineSplitter splitter(longest);
    const auto take = [&](std::string_view line, bool cut) { lines.emplace_back(line, cut); };
    for (const std::string &part : parts)
        splitter.feed(part, take);
    splitter.end(take);
    return lines;
}

TEST(LineSplitter, AnySplitGivesTheSameLines) {
    const std::string text = "one\n\ntwo\nthree";
    const Lines wanted = {{"one", false}, {"", false}, {"two", false}, {"three", false}};
    for (size_t a = 0; a <= text.size(); a++)
        for (size_t b = a; b <= text.size(); b++)
            EXPECT_EQ(split({text.substr(0, a), text.substr(a, b - a), text.substr(b)}, 5), wanted);
}

TEST(LineSplitter, WhatIsTooLongIsCutAndSaidOnce) {
    const Lines wanted = {{"12345", false}, {"12345", true}, {"next", false}};
    EXPECT_EQ(split({"12345\n123456\nnext\n"}, 5), wanted);
    EXPECT_EQ(split({"12345\n12", "345", "6", "789", "\nnext"}, 5), wanted);
    EXPECT_EQ(split({"123456789"}, 5), (Lines{{"12345", true}}));
}

TEST(LineSplitter, AnEmptyLastLineIsNone) {
    EXPECT_EQ(split({"one\n"}, 5), (Lines{{"one", false}}));
    EXPECT_EQ(split({""}, 5), Lines());
}

TEST(EachLine, OfATextThatIsThere) {
    const auto lines = [](std::string_view text) {
        std::vector<std::string> all;
        each_line(text, [&](std::string_view line) { all.emplace_back(line); });
        return all;
    };
    using Texts = std::vector<std::string>;
    EXPECT_EQ(lines(""), Texts{});
    EXPECT_EQ(lines("a"), Texts{"a"});
    EXPECT_EQ(lines("a\n"), Texts{"a"});
    EXPECT_EQ(lines("\na\n\nb"), (Texts{"", "a", "", "b"}));
}

} // namespace
} // namespace pinpipe
