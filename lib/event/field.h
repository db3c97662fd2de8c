// SPDX-License-Identifier: MIT
// The language of field tables. A table lists the fields of an event in the order in which
// ebpf-read writes them, each with its name, its JSON type and possible values, its meaning, when
// it is absent, and how to get its value from an event.
//
// The writer (put_fields.h), the readers (event_fields.h), the JSON Schemas and the lists of
// pinpipe-events(5) are made from these tables. The tables are in *_fields.h; fields.h has all of
// them.
#pragma once

#include "lib/event/literal.h"

#include <cstdint>
#include <tuple>

namespace pinpipe {

enum class JsonType : uint8_t { number, text, flag, list };

// The possible values of a field.
struct Kind {
    JsonType type;
    std::string_view schema;    // members of a JSON Schema that holds for all values
    std::string_view unit = {}; // of a number; empty: none

    constexpr Kind in(std::string_view its_unit) const { return {type, schema, its_unit}; }
};

struct Field {
    Kind kind;
    std::string_view meaning = {};
    std::string_view absent = {}; // "where ...", "without ..."; empty: never absent
    unsigned since = 1;           // the value of v that introduced the field
};

// A field with the value get(event), of a type that put_value() takes; an empty std::optional
// leaves the field out. Getters have no state: the writer calls them by their type.
template <Literal NAME, class GET> struct Row {
    static constexpr auto name = NAME;
    using Get = GET;
    Field field;
};
template <Literal NAME, class GET> constexpr Row<NAME, GET> row(const Field &field, GET) {
    return {field};
}

// A field with the same value, JSON, in all events; its kind needs no schema.
template <Literal NAME, Literal JSON> struct Constant {
    static constexpr auto name = NAME;
    static constexpr auto json = JSON;
    Field field;
};
template <Literal NAME, Literal JSON>
constexpr Constant<NAME, JSON> constant(JsonType type, std::string_view meaning = {}) {
    return {{.kind = {type, {}}, .meaning = meaning}};
}

template <class... ROWS> struct Rows { std::tuple<ROWS...> rows; };
template <class... ROWS> constexpr Rows<ROWS...> rows(const ROWS &...all) {
    return {std::tuple(all...)};
}

// Fields that are present together if condition(event) holds. absent says when they are all absent;
// empty: the condition holds for each event that the kernel writes.
template <class IF, class ROWS> struct Group {
    using If = IF;
    std::string_view absent;
    ROWS rows;
};
template <class IF, class ROWS>
constexpr Group<IF, ROWS> group(std::string_view absent, IF, const ROWS &rows) {
    return {absent, rows};
}

// Fields that are the same in many events: get(event) returns their text, which put_fields() has
// written before.
template <class GET, class ROWS> struct Prepared {
    using Get = GET;
    ROWS rows;
};
template <class GET, class ROWS> constexpr Prepared<GET, ROWS> prepared(GET, const ROWS &rows) {
    return {rows};
}

// An array of objects with their own fields. get(event) returns an optional range, and
// event.item(element) the event for the getters of the item's rows.
template <Literal NAME, class GET, class ITEM> struct List {
    static constexpr auto name = NAME;
    using Get = GET;
    using Item = ITEM;
    Field field;
    ITEM item;
};
template <Literal NAME, class GET, class ITEM>
constexpr List<NAME, GET, ITEM> list(const Field &field, GET, const ITEM &item) {
    return {field, item};
}

// All fields of an event_type.
template <class ROWS> struct Table {
    std::string_view event_type;
    std::string_view meaning;
    ROWS rows;
};
template <class ROWS>
constexpr Table<ROWS> table(std::string_view event_type, std::string_view meaning,
                            const ROWS &rows) {
    return {event_type, meaning, rows};
}

} // namespace pinpipe
