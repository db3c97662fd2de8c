// SPDX-License-Identifier: MIT
#include "lib/base/text_table.h"

#include <gtest/gtest.h>

namespace pinpipe {
namespace {

using Rows = std::vector<std::array<std::string, 3>>;

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCell) {
    EXPECT_EQ(text_table(Rows{{"a", "name", "state"}, {"1234", "b", "on"}}), "a     name  state\n"
                                                                             "1234  b     on\n");
}

TEST(TextTable, NumbersStandRight) {
    EXPECT_EQ(text_table(Rows{{"hits", "of", "bytes"}, {"7", "x", "12"}}, 0b101),
              "hits  of  bytes\n"
              "   7  x      12\n");
}

TEST(TextTable, NoBlanksAtTheEndOfALine) {
    EXPECT_EQ(text_table(Rows{{"a", "b", "long"}, {"1", "", ""}, {"", "", ""}}), "a  b  long\n"
                                                                                 "1\n"
                                                                                 "\n");
}

TEST(TextTable, OfNoRowsIsEmpty) {
    EXPECT_EQ(text_table(Rows{}), "");
}

} // namespace
} // namespace pinpipe
