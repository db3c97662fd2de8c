// SPDX-License-Identifier: MIT
#include "tools/fields/page.h"

#include "lib/event/fields.h"

namespace pinpipe::fields_tool {
namespace {

std::string type_letter(JsonType type) {
    switch (type) {
    case JsonType::number: return "n";
    case JsonType::text: return "s";
    case JsonType::flag: return "b";
    default: return "a";
    }
}

std::string item(std::string_view name, std::span<const ListedField> fields) {
    std::string text = ".It Cm " + std::string(name) + "\n";
    for (const ListedField &field : fields)
        text += std::string(field.name) + ":" + type_letter(field.field.kind.type) +
                (field.field.absent.empty() ? "" : "?") + "\n";
    return text;
}

} // namespace

std::string page_list() {
    std::string text = ".Bl -tag -width Ds -compact\n";
    for (const ListedEvent &event : listed_events)
        text += item(event.event_type, event.fields);
    return text + item("owners", listed_owners) + ".El\n";
}

} // namespace pinpipe::fields_tool
