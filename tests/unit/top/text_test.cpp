// SPDX-License-Identifier: MIT
#include "tools/top/input.h"
#include "tools/top/screen_layout.h"

#include "tests/unit/support/child.h"

#include <clocale>
#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

constexpr std::nullopt_t none = std::nullopt;

class TopText : public testing::Test {
protected:
    TopText() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
    ~TopText() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(TopText, LinesAreExactlyAsWideAsAsked) {
    Row row;
    row.number = 4194304;
    row.name = "日本語日本\x1b";
    row.place = "2001:db8:1234:1234:1234:1234:1234:1234";
    row.proto = "tcp";
    row.total[bytes_sent] = UINT64_MAX;
    row.rate[packets_received] = 1e15;
    for (const By by : {By::process, By::remote, By::both, By::port})
        for (const Units units : {Units::binary, Units::bits, Units::bytes})
            for (size_t width = 1; width < 200; width++) {
                View view;
                view.by = by;
                view.units = units;
                ASSERT_EQ(width_of(row_text(row, view, width)), width);
                ASSERT_EQ(width_of(heading(view, width)), width);
            }
}

TEST_F(TopText, ANarrowTableKeepsItsNumbers) {
    Row row;
    row.name = "a-long-name";
    row.total[bytes_received] = 77;
    View view;
    EXPECT_NE(row_text(row, view, 72).find("77B"), std::string::npos);
    EXPECT_NE(row_text(row, view, 80).find("a-long-name"), std::string::npos);
}

class TopPortText : public TopText {
protected:
    TopPortText() {
        view_.by = By::port;
        row_.number = 5050;
        row_.proto = "tcp";
        row_.place = "lo";
        row_.rate = Rates{none, 840, none, 10, none, none};
        row_.total = Amounts{none, 1680, none, none, none, none};
    }
    View view_;
    Row row_;
};

TEST_F(TopPortText, WhatIsNotMeasuredAndNobodyAreDashes) {
    EXPECT_EQ(heading(view_, 0), "     PORT IFACE    PPS-IN  PPS-OUT    IN/sv    OUT/s       IN"
                                 "      OUT OWNERS");
    EXPECT_EQ(row_text(row_, view_, 0), " 5050/tcp lo           10        -     840B        -"
                                        "   1.6KiB        - -");
}

TEST_F(TopPortText, OwnersAreCutToTheWidthAndHarmless) {
    row_.name = "日本\x1b[2J(17), nginx(20), nginx(21), nginx(22)";
    EXPECT_NE(row_text(row_, view_, 0).find("日本\xef\xbf\xbd[2J(17), nginx(20)"),
              std::string::npos);
    for (const size_t width : {80U, 90U, 100U}) {
        const std::string text = row_text(row_, view_, width);
        EXPECT_EQ(width_of(text), width);
        EXPECT_TRUE(text.ends_with("~"));
        EXPECT_NE(text.find("日本\xef\xbf\xbd[2J(17), "), std::string::npos) << text;
    }
}

TEST_F(TopPortText, ANarrowLineLeavesTheSumsOut) {
    EXPECT_EQ(heading(view_, 80).find(" OUT "), std::string::npos);
    EXPECT_EQ(row_text(row_, view_, 80).find("1.6KiB"), std::string::npos);
    EXPECT_NE(row_text(row_, view_, 100).find("1.6KiB"), std::string::npos);
}

TEST_F(TopPortText, FewPacketsHaveTenths) {
    const auto text = [&](double rate) {
        row_.rate[packets_received] = rate;
        return row_text(row_, view_, 0).substr(16, 9);
    };
    EXPECT_EQ(text(0), "        0");
    EXPECT_EQ(text(0.3), "      0.3");
    EXPECT_EQ(text(9), "        9");
    EXPECT_EQ(text(9.96), "       10");
    EXPECT_EQ(text(14880952.4), " 14880952");
}

TEST_F(TopPortText, AColumnThatIsNotThereIsNotSortedBy) {
    view_.sort = Column::proto;
    EXPECT_EQ(sorted_by(view_), Column::received_rate);
    view_.sort = Column::sent; // a column of wide lines
    EXPECT_EQ(sorted_by(view_), Column::sent);
}

TEST_F(TopPortText, TheFirstLine) {
    Summary summary;
    summary.numbers = 1;
    summary.rate = Rates{none, 840, none, 10, none, none};
    summary.total = Amounts{none, 1680, none, 20, 3, 0};
    EXPECT_EQ(summary_text(summary, view_),
              "--:--:--  1 port  sent -  received 10pps 840B/s (1.6KiB)  fragments 3");
}

TEST(TopInput, LinesOfAnySplit) {
    const std::string text = "one\n\ntwo\nthree";
    for (size_t cut = 0; cut <= text.size(); cut++) {
        Pipe pipe;
        std::string seen;
        Input input;
        const auto take = [&](std::string_view line) { seen += std::string(line) + ";"; };
        for (const std::string &part : {text.substr(0, cut), text.substr(cut)}) {
            if (part.empty())
                continue;
            ASSERT_EQ(write(pipe.write.get(), part.data(), part.size()),
                      static_cast<ssize_t>(part.size()));
            EXPECT_TRUE(input.read_some(pipe.read.get(), take));
        }
        pipe.write.reset();
        EXPECT_FALSE(input.read_some(pipe.read.get(), take));
        EXPECT_EQ(seen, "one;;two;three;");
    }
}

TEST(TopInput, ALineWithoutAnEndIsGivenOnce) {
    Pipe pipe;
    Input input;
    std::vector<size_t> sizes;
    const std::string block(32768, 'x');
    for (size_t i = 0; i < 100; i++) {
        ASSERT_EQ(write(pipe.write.get(), block.data(), block.size()),
                  static_cast<ssize_t>(block.size()));
        input.read_some(pipe.read.get(),
                        [&](std::string_view line) { sizes.push_back(line.size()); });
    }
    EXPECT_TRUE(sizes.empty()) << "it has no end yet";
    ASSERT_EQ(write(pipe.write.get(), "y\nnext\n", 7), 7);
    input.read_some(pipe.read.get(), [&](std::string_view line) { sizes.push_back(line.size()); });
    ASSERT_EQ(sizes.size(), 2u);
    EXPECT_EQ(sizes[0], Input::longest) << "cut";
    EXPECT_EQ(sizes[1], 4u);
}

} // namespace
} // namespace pinpipe::top
