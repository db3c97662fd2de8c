// SPDX-License-Identifier: MIT
// How a table of fields is written down. A table says of each field of an event, in the order in
// which ebpf-read writes them: its name, its JSON type with what its values can be, its meaning,
// when it is absent, and how its value is got from an event.
//
// The writer (put_fields.h), the readers (event_fields.h), the JSON Schemas and the lists of
// pinpipe-events(5) come from these tables. The tables are in *_fields.h, all of them in fields.h.
#pragma once

#include "lib/event/literal.h"

#include <cstdint>
#include <tuple>

namespace pinpipe {

enum class JsonType : uint8_t { number, text, flag, list };

// What the values of a field can be.
struct Kind {
    JsonType type;
    std::string_view schema;    // members of a JSON Schema that all values obey
    std::string_view unit = {}; // of numbers that have one

    constexpr Kind in(std::string_view its_unit) const { return {type, schema, its_unit}; }
};

struct Field {
    Kind kind;
    std::string_view meaning = {};
    std::string_view absent = {}; // when the field is absent: "where ...", "without ..."; or never
    unsigned since = 1;           // the value of v with which the field came
};

// A field whose value get(event) gives, as put_value() takes it; an empty std::optional leaves it
// out. Getters have no state: the writer knows them by their type.
template <Literal NAME, class GET> struct Row {
    static constexpr auto name = NAME;
    using Get = GET;
    Field field;
};
template <Literal NAME, class GET> constexpr Row<NAME, GET> row(const Field &field, GET) {
    return {field};
}

// A field that has the same value in all events: JSON, which the kind's schema need not say.
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

// Fields that are there together, if condition(event) says so; else absent, as absent says for all
// of them. Empty: the condition holds for each event that the kernel writes.
template <class IF, class ROWS> struct Group {
    using If = IF;
    std::string_view absent;
    ROWS rows;
};
template <class IF, class ROWS>
constexpr Group<IF, ROWS> group(std::string_view absent, IF, const ROWS &rows) {
    return {absent, rows};
}

// Fields that are the same in many events: their text has been written before, by put_fields(), and
// get(event) gives it.
template <class GET, class ROWS> struct Prepared {
    using Get = GET;
    ROWS rows;
};
template <class GET, class ROWS> constexpr Prepared<GET, ROWS> prepared(GET, const ROWS &rows) {
    return {rows};
}

// An array of objects that have fields of their own. get(event) gives an optional range, and
// event.item(one) what the getters of the item's rows ask.
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

// The fields of an event_type.
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
