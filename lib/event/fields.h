// SPDX-License-Identifier: MIT
// All tables of fields, as lists, against which readers of NDJSON, schemas and pages are checked.
#pragma once

#include "lib/event/bind_fields.h"
#include "lib/event/conn_fields.h"
#include "lib/event/deny_fields.h"
#include "lib/event/icmp_fields.h"
#include "lib/event/lost_fields.h"
#include "lib/event/message_fields.h"
#include "lib/event/ports_fields.h"
#include "lib/event/usage_fields.h"

#include <array>

namespace pinpipe {

// A field of an event_type in such a list.
struct ListedField {
    std::string_view name;
    Field field;
    std::string_view constant = {}; // its value as JSON, if it is always the same
};

namespace listed {

template <class ROW> inline constexpr size_t count = 1;
template <class... ROWS> inline constexpr size_t count<Rows<ROWS...>> = (0 + ... + count<ROWS>);
template <class IF, class ROWS> inline constexpr size_t count<Group<IF, ROWS>> = count<ROWS>;
template <class GET, class ROWS> inline constexpr size_t count<Prepared<GET, ROWS>> = count<ROWS>;

// absent: that of the groups around the row.
template <Literal NAME, class GET>
constexpr ListedField *add(ListedField *to, const Row<NAME, GET> &row, std::string_view absent) {
    *to = {Row<NAME, GET>::name.view(), row.field};
    if (row.field.absent.empty())
        to->field.absent = absent;
    return to + 1;
}
template <Literal NAME, Literal JSON>
constexpr ListedField *add(ListedField *to, const Constant<NAME, JSON> &row,
                           std::string_view absent) {
    *to = {row.name.view(), row.field, row.json.view()};
    to->field.absent = absent;
    return to + 1;
}
template <Literal NAME, class GET, class ITEM>
constexpr ListedField *add(ListedField *to, const List<NAME, GET, ITEM> &row, std::string_view) {
    *to = {row.name.view(), row.field};
    return to + 1;
}
template <class... ROWS>
constexpr ListedField *add(ListedField *to, const Rows<ROWS...> &rows, std::string_view absent);
template <class IF, class ROWS>
constexpr ListedField *add(ListedField *to, const Group<IF, ROWS> &group, std::string_view absent) {
    return add(to, group.rows, group.absent.empty() ? absent : group.absent);
}
template <class GET, class ROWS>
constexpr ListedField *add(ListedField *to, const Prepared<GET, ROWS> &run,
                           std::string_view absent) {
    return add(to, run.rows, absent);
}
template <class... ROWS>
constexpr ListedField *add(ListedField *to, const Rows<ROWS...> &rows, std::string_view absent) {
    std::apply([&](const auto &...row) { ((to = add(to, row, absent)), ...); }, rows.rows);
    return to;
}

template <class ROWS> constexpr auto list(const ROWS &rows) {
    std::array<ListedField, count<ROWS>> all{};
    add(all.data(), rows, "");
    return all;
}
template <class ROWS> inline constexpr size_t count<Table<ROWS>> = count<ROWS>;

inline constexpr auto icmp = list(icmp_table.rows);
inline constexpr auto tcp = list(tcp_table.rows);
inline constexpr auto udp = list(udp_table.rows);
inline constexpr auto conn = list(conn_table.rows);
inline constexpr auto bind = list(bind_table.rows);
inline constexpr auto deny = list(deny_table.rows);
inline constexpr auto usage = list(usage_table.rows);
inline constexpr auto ports = list(ports_table.rows);
inline constexpr auto lost = list(lost_table.rows);
inline constexpr auto owners = list(owner_rows);

} // namespace listed

struct ListedEvent {
    std::string_view event_type;
    std::string_view meaning;
    std::span<const ListedField> fields; // in the order in which they are written
};

inline constexpr ListedEvent listed_events[] = {
    {icmp_table.event_type, icmp_table.meaning, listed::icmp},
    {tcp_table.event_type, tcp_table.meaning, listed::tcp},
    {udp_table.event_type, udp_table.meaning, listed::udp},
    {conn_table.event_type, conn_table.meaning, listed::conn},
    {bind_table.event_type, bind_table.meaning, listed::bind},
    {deny_table.event_type, deny_table.meaning, listed::deny},
    {usage_table.event_type, usage_table.meaning, listed::usage},
    {ports_table.event_type, ports_table.meaning, listed::ports},
    {lost_table.event_type, lost_table.meaning, listed::lost},
};
inline constexpr std::span<const ListedField> listed_owners = listed::owners; // of each owner

constexpr const ListedField *find_field(std::span<const ListedField> in, std::string_view name) {
    for (const ListedField &field : in)
        if (field.name == name)
            return &field;
    return nullptr;
}

// Searches all event types: a name has the same type in all of them.
constexpr const ListedField *find_field(std::string_view name) {
    for (const ListedEvent &event : listed_events)
        if (const ListedField *const field = find_field(event.fields, name))
            return field;
    return nullptr;
}

} // namespace pinpipe
