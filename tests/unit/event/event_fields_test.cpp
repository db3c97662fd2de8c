// SPDX-License-Identifier: MIT
#include "lib/event/event_fields.h"

#include <gtest/gtest.h>

namespace pinpipe {
namespace {

struct Names {
    using Fields = OwnerFields<"pid", "comm">;
    std::string text;
    void take(const Fields &owner) {
        text += std::string(owner.text<"comm">()) + std::to_string(owner.number<"pid">(0));
        text += owner.wrong<"pid", "comm">() ? "! " : " ";
    }
};

using Event = EventFieldsAndOwners<Names, "event_type", "pid", "comm", "owners", "total">;

class EventFieldsTest : public testing::Test {
protected:
    const Event *parse(std::string_view line) { return parser_.parse(line); }

private:
    EventParser<Event> parser_;
};

TEST_F(EventFieldsTest, TakesWhatIsWantedInAnyOrder) {
    const Event *const event =
        parse(R"({"comm":"a\u0062","x":{"pid":9},"total":true,"pid":7,"y":[{"comm":"z"}],"v":1})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->text<"comm">(), "ab");
    EXPECT_EQ(event->number<"pid">(), 7u);
    EXPECT_TRUE(event->flag<"total">());
    EXPECT_TRUE((event->has<"comm", "pid", "total">()));
    EXPECT_FALSE((event->has<"comm", "event_type">()));
    EXPECT_FALSE((event->wrong<"comm", "pid", "total", "event_type">()));
}

TEST_F(EventFieldsTest, WhatIsAbsent) {
    const Event *const event = parse("{}");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->text<"comm">(), "");
    EXPECT_EQ(event->number<"pid">(5), 5u);
    EXPECT_FALSE(event->number_if<"pid">());
    EXPECT_FALSE(event->flag<"total">());
    EXPECT_FALSE(event->mentions<"comm">());
}

TEST_F(EventFieldsTest, OtherTypesAreWrong) {
    for (const char *text :
         {R"({"pid":"7"})", R"({"pid":-7})", R"({"pid":7.5})", R"({"pid":null})", R"({"pid":[7]})",
          R"({"pid":{}})", R"({"pid":true})", R"({"pid":9007199254740993})"}) {
        const Event *const event = parse(text);
        ASSERT_TRUE(event) << text;
        EXPECT_TRUE(event->wrong<"pid">()) << text;
        EXPECT_TRUE(event->wrong_but<"comm">()) << text;
        EXPECT_FALSE(event->wrong_but<"pid">()) << text;
        EXPECT_FALSE(event->has<"pid">()) << text;
        EXPECT_TRUE(event->mentions<"pid">()) << text;
    }
    for (const char *text : {R"({"comm":7})", R"({"total":1})", R"({"owners":{}})",
                             R"({"owners":"x"})", R"({"owners":[1]})", R"({"owners":[[]]})"}) {
        const Event *const event = parse(text);
        ASSERT_TRUE(event) << text;
        EXPECT_TRUE((event->wrong<"comm", "total", "owners">())) << text;
    }
}

TEST_F(EventFieldsTest, ObjectsOfAList) {
    const Event *const event =
        parse(R"({"pid":1,"owners":[{"pid":2,"comm":"b"},{},{"comm":"c","o":[{"pid":3}],)"
              R"("p":{"pid":4}},{"pid":"5"}],"comm":"d"})");
    ASSERT_TRUE(event);
    EXPECT_EQ(event->items().text, "b2 0 c0 0! ");
    EXPECT_EQ(event->number<"pid">(), 1u);
    EXPECT_EQ(event->text<"comm">(), "d");
    EXPECT_FALSE(event->wrong<"owners">());
    EXPECT_EQ(parse(R"({"owners":[]})")->items().text, "") << "nothing of the line before";
}

TEST_F(EventFieldsTest, WhatIsNoObjectOrTooDeepIsNoEvent) {
    for (const char *text : {"", "7", "[]", "[{}]", "{", "{}{}", R"({"a":1,})", "{\"a\":\"\xff\"}"})
        EXPECT_FALSE(parse(text)) << text;
    EXPECT_FALSE(parse(std::string_view("{}\0", 3)));
    const auto nested = [](const std::string &name, size_t depth) {
        return "{\"" + name + "\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    for (const char *name : {"a", "owners"}) {
        EXPECT_TRUE(parse(nested(name, Event::deepest - 1))) << name;
        EXPECT_FALSE(parse(nested(name, Event::deepest))) << name;
        EXPECT_FALSE(parse(nested(name, 1'000'000))) << name;
    }
    EXPECT_FALSE(
        parse(R"({"owners":[{"a":)" + std::string(98, '[') + std::string(98, ']') + "}]}"));
}

} // namespace
} // namespace pinpipe
