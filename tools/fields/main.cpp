// SPDX-License-Identifier: MIT
// What the tables of fields say, for the build and for tests; it is not installed.
//   fields types            event_types, one a line
//   fields list [TYPE]      TYPE NAME JSON-TYPE, and "?" where it can be absent, one field a line
//   fields schema TYPE      its JSON Schema
//   fields page             the list of pinpipe-events(5)
#include "tools/fields/page.h"
#include "tools/fields/schema.h"

#include <cstdio>

using namespace pinpipe;

namespace {

const char *name_of(JsonType type) {
    switch (type) {
    case JsonType::number: return "number";
    case JsonType::text: return "string";
    case JsonType::flag: return "boolean";
    default: return "array";
    }
}

std::string types() {
    std::string text;
    for (const ListedEvent &event : listed_events)
        text.append(event.event_type).append("\n");
    return text;
}

std::string list(std::string_view type, std::span<const ListedField> fields) {
    std::string text;
    for (const ListedField &field : fields)
        text.append(type)
            .append(" ")
            .append(field.name)
            .append(" ")
            .append(name_of(field.field.kind.type))
            .append(field.field.absent.empty() ? "\n" : " ?\n");
    return text;
}

std::string list_all(std::string_view type) {
    std::string text;
    for (const ListedEvent &event : listed_events)
        if (type.empty() || type == event.event_type)
            text += list(event.event_type, event.fields);
    return type.empty() || type == "owners" ? text + list("owners", listed_owners) : text;
}

std::string schema(std::string_view type) {
    for (const ListedEvent &event : listed_events)
        if (type == event.event_type)
            return fields_tool::schema_of(event);
    return {};
}

std::string answer(std::string_view command, std::string_view type) {
    if (command == "types")
        return types();
    if (command == "list")
        return list_all(type);
    if (command == "page")
        return fields_tool::page_list();
    return command == "schema" ? schema(type) : "";
}

} // namespace

int main(int count, char **arguments) {
    const std::string text = count < 2 ? "" : answer(arguments[1], count < 3 ? "" : arguments[2]);
    if (text.empty()) {
        std::fputs("usage: fields types | list [TYPE] | schema TYPE | page\n", stderr);
        return 64;
    }
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 74;
}
