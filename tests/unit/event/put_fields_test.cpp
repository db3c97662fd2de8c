// SPDX-License-Identifier: MIT
#include "lib/event/put_fields.h"

#include "lib/event/kinds.h"

#include <gtest/gtest.h>
#include <vector>

namespace pinpipe {
namespace {

struct Item {
    unsigned number;
};

struct Event {
    std::optional<unsigned> number;
    std::string_view text;
    bool grouped;
    std::optional<std::vector<unsigned>> list;
    Item item(unsigned one) const { return {one}; }
};

constexpr auto run_of =
    rows(row<"run">({.kind = kind::text}, [](std::string_view json) { return Quoted{json}; }));

constexpr auto all = table(
    "all", "",
    rows(row<"first">({.kind = kind::count}, [](const auto &e) { return e.number; }),
         row<"text">({.kind = kind::text}, [](const auto &e) { return e.text; }),
         constant<"c", "1">(JsonType::number), constant<"d", R"("x")">(JsonType::text),
         group(
             "", [](const auto &e) { return e.grouped; },
             rows(row<"flag">({.kind = kind::flag}, [](const auto &e) { return !e.grouped; }),
                  row<"wide">({.kind = kind::count}, [](const auto &) { return UINT64_MAX; }))),
         list<"list">(
             {.kind = {JsonType::list, ""}}, [](const auto &e) { return e.list; },
             rows(row<"n">({.kind = kind::count}, [](const auto &i) { return i.number; }))),
         row<"last">({.kind = kind::text}, [](const auto &) { return Decimal{0}; })));

std::string line(const Event &event) {
    char text[512];
    return {text, put_line(text, all, event)};
}

TEST(PutFields, EveryKindOfRow) {
    EXPECT_EQ(line({7, "a", true, std::vector{1U, 2U}}),
              R"({"first":7,"text":"a","c":1,"d":"x","flag":false,"wide":18446744073709551615,)"
              R"("list":[{"n":1},{"n":2}],"last":"0"})"
              "\n");
    EXPECT_EQ(line({7, "", false, std::vector<unsigned>()}),
              R"({"first":7,"text":"","c":1,"d":"x","list":[],"last":"0"})"
              "\n");
}

TEST(PutFields, ATextWrittenBefore) {
    EXPECT_EQ(prepare_text(run_of, "a\"b\xff"), ",\"run\":\"a\\\"b\xef\xbf\xbd\"");
    EXPECT_EQ(prepare_text(run_of, std::string(1000, '\x1b')).size(), 8 + 6000 + 1);
}

TEST(PutFields, Times) {
    const auto put = [](uint64_t us) {
        const EventTime time(us);
        char text[64];
        return std::string(text, put_value(text, Milliseconds{time})) + " " +
               std::string(text, put_value(text, Microseconds{time}));
    };
    EXPECT_EQ(put(0), "0 0");
    EXPECT_EQ(put(999), "0 999");
    EXPECT_EQ(put(1000), "1 1000");
    EXPECT_EQ(put(UINT64_MAX), "18446744073709551 18446744073709551615");
}

} // namespace
} // namespace pinpipe
