#include "tools/top/input.h"
#include "tools/top/layout.h"

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
