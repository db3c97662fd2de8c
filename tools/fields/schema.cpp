// SPDX-License-Identifier: MIT
#include "tools/fields/schema.h"

#include "tools/fields/definitions.h"
#include "tools/fields/schema_rules.h"

namespace pinpipe::fields_tool {
namespace {

constexpr size_t longest_line = 100;

std::string in_quotes(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

// "when the kernel saw it: milliseconds since 1970, UTC; absent where ..."
std::string description(const Field &field) {
    std::string text(field.meaning);
    const auto add = [&](const char *between, std::string_view more) {
        if (!more.empty())
            text.append(text.empty() ? "" : between).append(more);
    };
    add(": ", field.kind.unit);
    if (!field.absent.empty())
        add("; ", "absent " + std::string(field.absent));
    return text;
}

// { "description": "...", "type": "string" }, in one line, or with each of both on its own.
std::string property(const ListedField &field, const std::string &indent) {
    const std::string schema = field.constant.empty() ? std::string(field.field.kind.schema)
                                                      : "\"const\": " + std::string(field.constant);
    const std::string told = description(field.field);
    const std::string start = indent + in_quotes(field.name) + ": ";
    if (told.empty())
        return start + "{ " + schema + " }";
    std::string line = start + "{ \"description\": " + in_quotes(told) + ", " + schema + " }";
    if (line.size() < longest_line)
        return line;
    return start + "{\n" + indent + "  \"description\": " + in_quotes(told) + ",\n" + indent +
           "  " + schema + "\n" + indent + "}";
}

std::string required(std::span<const ListedField> fields, const std::string &indent) {
    std::string text, line = indent + "  ";
    for (const ListedField &field : fields) {
        if (!field.field.absent.empty())
            continue;
        const std::string name = in_quotes(field.name) + ", ";
        if (line.size() + name.size() > longest_line) {
            text += line.substr(0, line.size() - 1) + "\n";
            line = indent + "  ";
        }
        line += name;
    }
    text += line.substr(0, line.size() - 2);
    return indent + "\"required\": [\n" + text + "\n" + indent + "],\n";
}

// type, required, properties.
std::string object(std::span<const ListedField> fields, const std::string &indent) {
    std::string text = indent + "\"type\": \"object\",\n" + required(fields, indent) + indent +
                       "\"properties\": {\n";
    for (const ListedField &field : fields)
        text += property(field, indent + "  ") + (&field == &fields.back() ? "\n" : ",\n");
    return text + indent + "},\n" + indent + "\"additionalProperties\": true";
}

std::string owner_definition() {
    return "{\n" + object(listed_owners, "      ") + ",\n      " + std::string(rules_of_owners()) +
           "\n    }";
}

// Those that text names, and those that they name.
std::string definitions(std::string text) {
    std::string out;
    const auto add = [&](std::string_view name, const std::string &json) {
        if (text.find(in_quotes("#/$defs/" + std::string(name))) == text.npos)
            return;
        out += (out.empty() ? "" : ",\n") + ("    " + in_quotes(name)) + ": " + json;
        text += json;
    };
    add("owner", owner_definition());
    for (const Definition &definition : all_definitions)
        add(definition.name, std::string(definition.json));
    return out;
}

} // namespace

std::string schema_of(const ListedEvent &event) {
    const std::string type(event.event_type);
    std::string text = object(event.fields, "  ");
    if (const std::string_view rules = rules_of(type); !rules.empty())
        text.append(",\n").append(rules);
    return "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
           "  \"$id\": \"urn:pinpipe:schema:" +
           type + ":1\",\n  \"title\": " + in_quotes(type) + ",\n  \"description\": \"" +
           std::string(event.meaning) +
           ": one line of ebpf-read. Fields: pinpipe-events(5). Later versions only add "
           "fields.\",\n" +
           text + ",\n  \"$defs\": {\n" + definitions(text) + "\n  }\n}\n";
}

} // namespace pinpipe::fields_tool
