// SPDX-License-Identifier: MIT
#include "lib/event/fields.h"

#include "lib/event/stream_names.h"
#include "tests/unit/support/json.h"
#include "tests/unit/support/lines.h"

#include <algorithm>
#include <map>

namespace pinpipe {
namespace {

TEST(Fields, EachStreamHasATable) {
    std::set<std::string_view> types = {"lost"};
    types.insert(std::begin(stream_names), std::end(stream_names));
    for (const ListedEvent &event : listed_events)
        EXPECT_EQ(types.erase(event.event_type), 1u) << event.event_type;
    EXPECT_TRUE(types.empty());
}

TEST(Fields, ANameIsThereOnceInAnEventAndHasOneTypeInAll) {
    std::map<std::string_view, JsonType> types;
    for (const ListedEvent &event : listed_events) {
        std::set<std::string_view> names;
        for (const ListedField &field : event.fields) {
            EXPECT_TRUE(names.insert(field.name).second) << event.event_type << " " << field.name;
            const auto known = types.emplace(field.name, field.field.kind.type).first;
            EXPECT_EQ(known->second, field.field.kind.type) << field.name;
        }
    }
    for (const ListedField &field : listed_owners)
        if (const auto known = types.find(field.name); known != types.end()) {
            EXPECT_EQ(known->second, field.field.kind.type) << field.name;
        }
}

TEST(Fields, EachSaysWhatItsValuesCanBe) {
    for (const ListedEvent &event : listed_events)
        for (const ListedField &field : event.fields) {
            EXPECT_NE(field.constant.empty(), field.field.kind.schema.empty()) << field.name;
            EXPECT_EQ(field.field.since, 1u) << field.name;
        }
}

JsonType type_of(const rapidjson::Value &value) {
    if (value.IsString())
        return JsonType::text;
    if (value.IsBool())
        return JsonType::flag;
    return value.IsArray() ? JsonType::list : JsonType::number;
}

// Expects an object's members to be in the order of the list and of its types, and none to be
// missing that is never absent. Adds their names to seen.
void expect_listed(const rapidjson::Value &object, std::span<const ListedField> list,
                   std::set<std::string_view> &seen) {
    auto at = list.begin();
    for (const auto &member : object.GetObject()) {
        const std::string_view name = member.name.GetString();
        for (; at != list.end() && at->name != name; ++at)
            EXPECT_FALSE(at->field.absent.empty()) << at->name << " is absent before " << name;
        ASSERT_NE(at, list.end()) << name << " is not in the table, or not at this place";
        EXPECT_EQ(at->field.kind.type, type_of(member.value)) << name;
        seen.insert(at->name);
        ++at;
    }
    for (; at != list.end(); ++at)
        EXPECT_FALSE(at->field.absent.empty()) << at->name << " is absent at the end";
}

// Lines of every shape: each has the fields of its table, and each field of a table is in one line.
TEST(Fields, LinesAreAsTheTablesSay) {
    for (const ListedEvent &event : listed_events) {
        std::set<std::string_view> seen, of_owners;
        for (const std::string &line : lines_of(event.event_type)) {
            SCOPED_TRACE(line);
            ASSERT_TRUE(is_event_line(line));
            const auto json = parse_json(line);
            ASSERT_EQ(json["event_type"].GetString(), event.event_type);
            expect_listed(json, event.fields, seen);
            if (json.HasMember("owners"))
                for (const auto &owner : json["owners"].GetArray())
                    expect_listed(owner, listed_owners, of_owners);
        }
        for (const ListedField &field : event.fields)
            EXPECT_TRUE(seen.contains(field.name)) << event.event_type << " " << field.name;
        EXPECT_EQ(of_owners.size(), event.event_type == "ports" ? listed_owners.size() : 0);
    }
}

} // namespace
} // namespace pinpipe
