#include "tools/top/input.h"
#include "tools/top/layout.h"
#include "tools/top/text.h"

#include "tests/unit/support/child.h"

#include <clocale>
#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

class TopText : public testing::Test {
protected:
    TopText() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
    ~TopText() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(TopText, NothingReachesTheTerminalRaw) {
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(harmless("plain ~!"), "plain ~!");
    EXPECT_EQ(harmless("a\x1b[31m\n\x7f"), "a" + mark + "[31m" + mark + mark);
    EXPECT_EQ(harmless("\xc2\x9b"), mark);     // C1
    EXPECT_EQ(harmless("\xe2\x80\xae"), mark); // right-to-left override
    EXPECT_EQ(harmless("\xe2\x81\xa6"), mark); // an isolate
    EXPECT_EQ(harmless("\xcc\x81"), mark);     // combining: no width of its own
    EXPECT_EQ(harmless("\xff\xc0\xaf\xe2\x82"), mark + mark + mark + mark + mark);
    EXPECT_EQ(harmless("\xed\xa0\x80").find('\xed'), std::string::npos); // a surrogate
    EXPECT_EQ(harmless("日本"), "日本");
}

TEST_F(TopText, WidthsAreColumns) {
    EXPECT_EQ(width_of("abc"), 3u);
    EXPECT_EQ(width_of("日本"), 4u);
    EXPECT_EQ(width_of("\xef\xbf\xbd"), 1u);
    EXPECT_EQ(fitted("abc", 5), "abc  ");
    EXPECT_EQ(fitted("abc", 5, true), "  abc");
    EXPECT_EQ(fitted("abcdef", 4), "abc~");
    EXPECT_EQ(fitted("日本語", 5), "日本~");
    EXPECT_EQ(fitted("日本語", 4), "日 ~");
    EXPECT_EQ(fitted("日本", 4), "日本");
    EXPECT_EQ(fitted("abc", 0), "");
    EXPECT_EQ(fitted("abc", 1), "~");
}

TEST_F(TopText, Units) {
    EXPECT_EQ(rate_text(0, Units::binary), "0B");
    EXPECT_EQ(rate_text(999, Units::binary), "999B");
    EXPECT_EQ(rate_text(1000, Units::binary), "1.0KiB");
    EXPECT_EQ(rate_text(1536, Units::binary), "1.5KiB");
    EXPECT_EQ(rate_text(102400, Units::binary), "100KiB");
    EXPECT_EQ(rate_text(125, Units::bits), "1.0kbit");
    EXPECT_EQ(rate_text(1.25e8, Units::bits), "1.0Gbit");
    EXPECT_EQ(rate_text(1234567, Units::bytes), "1234567");
    EXPECT_EQ(amount_text(UINT64_MAX, Units::bytes), "18446744073709551615");
    EXPECT_EQ(amount_text(UINT64_MAX, Units::binary), "16.0EiB");
}

TEST_F(TopText, LinesAreExactlyAsWideAsAsked) {
    Row row;
    row.pid = 4194304;
    row.process = "日本語日本\x1b";
    row.remote = "2001:db8:1234:1234:1234:1234:1234:1234";
    row.proto = "tcp";
    row.sent = UINT64_MAX;
    for (const By by : {By::process, By::remote, By::both})
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
    row.process = "a-long-name";
    row.received = 77;
    View view;
    EXPECT_NE(row_text(row, view, 72).find("77B"), std::string::npos);
    EXPECT_NE(row_text(row, view, 80).find("a-long-name"), std::string::npos);
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
    ASSERT_EQ(sizes.size(), 1u);
    EXPECT_LT(sizes[0], Input::longest + 70000);
    ASSERT_EQ(write(pipe.write.get(), "y\nnext\n", 7), 7);
    input.read_some(pipe.read.get(), [&](std::string_view line) { sizes.push_back(line.size()); });
    ASSERT_EQ(sizes.size(), 2u);
    EXPECT_EQ(sizes[1], 4u);
}

} // namespace
} // namespace pinpipe::top
