// SPDX-License-Identifier: MIT
// Members of events as JSON, by the names and types of the tables of fields: a name that no table
// has does not compile.
#pragma once

#include "lib/event/fields.h"
#include "tools/store/line.h"

namespace pinpipe::store {

template <Literal NAME> constexpr std::string_view field_name() {
    static_assert(find_field(NAME.view()), "a field that is in no table");
    return NAME.view();
}

template <Literal NAME> inline constexpr auto quoted_literal = Literal("\"") + NAME + Literal("\"");

// The name in quotes, as it is in a line.
template <Literal NAME> constexpr std::string_view quoted_name() {
    static_assert(find_field(NAME.view()), "a field that is in no table");
    return quoted_literal<NAME>.view();
}

// The value, as JSON, that a field has in all usage events.
template <Literal NAME> constexpr std::string_view usage_constant() {
    constexpr const ListedField *field = find_field(listed::usage, NAME.view());
    static_assert(field && !field->constant.empty(), "a field that has several values");
    return field->constant;
}

// Appends ,"NAME":json
template <Literal NAME> void member(std::string &out, std::string_view json) {
    out.append(",").append(quoted_name<NAME>()).append(":").append(json);
}

// ,"bytes_sent":1,"bytes_received":2,"calls_sent":3,"calls_received":4
std::string sums_members(const Sums &sums);

// {"v":1,"event_type":"usage" and the time, in microseconds since 1970.
std::string usage_beginning(uint64_t time);

// The line, without a newline, that says that ebpf-store gave up count lines of a stream. time:
// microseconds since 1970.
std::string lost_line(uint64_t time, std::string_view stream, uint64_t count);

} // namespace pinpipe::store
