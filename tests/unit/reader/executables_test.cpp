// SPDX-License-Identifier: MIT
#include "tools/reader/executables.h"

#include <cstring>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

std::string path_of(std::string_view text, uint32_t length, uint32_t flags = 0) {
    exe_record record{};
    text.copy(record.text, sizeof record.text);
    record.length = length;
    record.flags = flags;
    return exe_path(record);
}

TEST(Executables, NamesAreReversed) {
    using namespace std::string_view_literals;
    EXPECT_EQ(path_of("curl\0bin\0usr\0"sv, 13), "/usr/bin/curl");
    EXPECT_EQ(path_of("init\0"sv, 5), "/init");
    EXPECT_EQ(path_of("curl\0bin\0"sv, 9, EXE_ELLIPSIS), ".../bin/curl");
}

TEST(Executables, WhatIsNotWrittenIsEmpty) {
    EXPECT_EQ(path_of("curl", 0), "");
}

TEST(Executables, DamagedRecords) {
    const std::string full(EXE_TEXT + EXE_NAME, 'x');
    EXPECT_EQ(path_of(full, EXE_TEXT + EXE_NAME), "/" + full);
    EXPECT_EQ(path_of(full, ~0U), "/" + full);
    EXPECT_EQ(path_of("", 3), "///");
}

TEST(Executables, NothingPinned) {
    const auto executables = Executables::open(Pins("/nowhere"));
    ASSERT_TRUE(executables);
    EXPECT_EQ(Executables(*Executables::open(Pins("/nowhere"))).run({1, 2, 3}, 0), "");
}

} // namespace
} // namespace pinpipe
