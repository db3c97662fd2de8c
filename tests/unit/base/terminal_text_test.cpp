// SPDX-License-Identifier: MIT
#include "lib/base/terminal_text.h"

#include <clocale>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

class TerminalText : public testing::Test {
protected:
    TerminalText() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
    ~TerminalText() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(TerminalText, NothingReachesTheTerminalRaw) {
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

TEST_F(TerminalText, WidthsAreColumns) {
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

TEST_F(TerminalText, Units) {
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

} // namespace
} // namespace pinpipe
