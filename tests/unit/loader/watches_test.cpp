// SPDX-License-Identifier: MIT
#include "tools/loader/watches.h"

#include "tests/unit/support/watches.h"

namespace pinpipe::loader {
namespace {

std::string parsed(const std::string &text) {
    const auto request = parse_watch(text);
    if (request)
        return rule_text(request->ports) + "|" + request->process;
    EXPECT_EQ(request.error().exit, Exit::usage) << text;
    return "error";
}

TEST(LoaderWatch, IsParsed) {
    EXPECT_EQ(parsed("5050"), "5050/tcp|");
    EXPECT_EQ(parsed("5050/udp"), "5050/udp|");
    EXPECT_EQ(parsed("1-65535/both"), "1-65535/both|");
    EXPECT_EQ(parsed("5050:custom_server"), "5050/tcp|custom_server");
    EXPECT_EQ(parsed("53/udp:/usr/sbin/named"), "53/udp|/usr/sbin/named");
    EXPECT_EQ(parsed("53:pid:12"), "53/tcp|pid:12");
    EXPECT_EQ(parsed("53:a:b"), "53/tcp|a:b");
    for (const char *text : {"", "0", "65536", "90-80", "5050:", ":app", "app", "5050:a/b", "53/x",
                             "53:pid:x", "53:sixteen bytes!!!"})
        EXPECT_EQ(parsed(text), "error") << text;
}

TEST(LoaderWatch, IsLookedUp) {
    const auto found = find_watches({{*parse_port_rule("80"), ""}, {*parse_port_rule("81"), "a"}});
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->at(0).process);
    EXPECT_EQ(found->at(1).process->text, "a");
    EXPECT_FALSE(find_watches({{*parse_port_rule("80"), "/nonexistent"}}));
}

class LoaderWatches : public WatchesTest {};

TEST_F(LoaderWatches, AreAddedAllOrNone) {
    const auto none = add_watches(pins(), {watch_of("80"), watch_of("81", "a")}, {});
    ASSERT_FALSE(none) << "there are no probes";
    EXPECT_EQ(word(80), 0u);
    give_probes();
    const auto told = add_watches(pins(), {watch_of("80"), watch_of("81", "a")}, {});
    ASSERT_TRUE(told);
    EXPECT_EQ(*told,
              (std::vector<std::string>{"80/tcp is watched", "81/tcp is watched while a has it"}));
    EXPECT_EQ(add_watches(pins(), {watch_of("80"), watch_of("82")}, {})->at(0),
              "80/tcp is watched: unchanged");
    EXPECT_EQ(word(80), WATCH_ALWAYS);
    EXPECT_EQ(word(81), WATCH_WAITS);
}

TEST_F(LoaderWatches, WithoutProbesNobodyHasAPort) {
    put_word(WATCH_WAITS | 5, 80);
    put_word(WATCH_WAITS | WATCH_ALWAYS, 81);
    ASSERT_TRUE(forget_claims(layout()));
    EXPECT_EQ(word(80), WATCH_WAITS);
    EXPECT_EQ(word(81), WATCH_WAITS | WATCH_ALWAYS);
}

TEST_F(LoaderWatches, ANewHookCountsNothingOfTheOldOne) {
    put_word(WATCH_WAITS | 6, 80);
    put_word(WATCH_ALWAYS, 81);
    ASSERT_TRUE(forget_counts(layout(), 1));
    EXPECT_EQ(word(80), WATCH_WAITS | 4);
    EXPECT_EQ(word(81), WATCH_ALWAYS);
}

} // namespace
} // namespace pinpipe::loader
