// SPDX-License-Identifier: MIT
#include "lib/base/text_table.h"

#include <clocale>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

TEST(TextTable, ColumnsAreAsWideAsTheirWidestCell) {
    EXPECT_EQ(text_table({{"a"}, {"name"}, {"state"}}, {{"1234", "b", "on"}}), "a     name  state\n"
                                                                               "1234  b     on\n");
}

TEST(TextTable, NumbersStandRight) {
    EXPECT_EQ(
        text_table({{"hits", Align::right}, {"of"}, {"bytes", Align::right}}, {{"7", "x", "12"}}),
        "hits  of  bytes\n"
        "   7  x      12\n");
}

TEST(TextTable, NoBlanksAtTheEndOfALine) {
    EXPECT_EQ(text_table({{"a"}, {"b"}, {"long"}}, {{"1", "", ""}, {"", "", ""}, {"2"}, {}}),
              "a  b  long\n"
              "1\n"
              "\n"
              "2\n"
              "\n");
    EXPECT_EQ(text_table({{"a"}, {"b"}}, {{"1", "x "}}), "a  b\n1  x \n") << "but in a cell";
}

TEST(TextTable, OfNoRowsIsItsHeading) {
    EXPECT_EQ(text_table({{"a"}, {"b"}}, {}), "a  b\n");
}

TEST(TextTable, WidthsAndGapsThatAreSet) {
    const TextColumn columns[] = {{"id", Align::right, 4}, {"who", Align::left, 5, 1}, {"n"}};
    EXPECT_EQ(text_heading(columns), "  id who    n\n");
    EXPECT_EQ(text_line(columns, {"1", "b", "3"}), "   1 b      3\n");
    EXPECT_EQ(text_line(columns, {"12345", "longer", "3"}), "12345 longer  3\n")
        << "a wider cell pushes the rest of its line";
    EXPECT_EQ(text_line(columns, {"", "", "3"}), "            3\n");
}

TEST(TextTable, WidthsAreThoseOfATerminal) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    EXPECT_EQ(text_table({{"name"}, {"n", Align::right}}, {{"日本", "1"}, {"é", "22"}}),
              "name   n\n"
              "日本   1\n"
              "é     22\n");
    std::setlocale(LC_CTYPE, "C");
}

} // namespace
} // namespace pinpipe
