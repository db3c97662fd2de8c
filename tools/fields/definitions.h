// SPDX-License-Identifier: MIT
// Kinds of values that schemas name by "#/$defs/NAME". A definition comes before those that it
// names.
#pragma once

#include <string_view>

namespace pinpipe::fields_tool {

struct Definition {
    std::string_view name, json;
};

inline constexpr Definition all_definitions[] = {
    {"count", R"({ "type": "integer", "minimum": 0, "maximum": 9007199254740991 })"},
    {"number", R"({ "type": "integer", "minimum": 0, "maximum": 4294967295 })"},
    {"byte", R"({ "type": "integer", "minimum": 0, "maximum": 255 })"},
    {"word", R"({ "type": "integer", "minimum": 0, "maximum": 65535 })"},
    {"port", R"({ "type": "integer", "minimum": 1, "maximum": 65535 })"},
    {"tag", R"({ "type": "integer", "minimum": 0, "maximum": 4095 })"},
    {"address",
     R"({ "type": "string", "anyOf": [{ "$ref": "#/$defs/ipv4" }, { "$ref": "#/$defs/ipv6" }] })"},
    {"ipv4", R"({
      "type": "string",
      "format": "ipv4",
      "pattern": "^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$"
    })"},
    {"ipv6", R"({
      "description": "as RFC 5952 has it, in hexadecimal throughout",
      "type": "string",
      "format": "ipv6",
      "pattern": "^(?=.*:)[0-9a-f:]{2,39}$"
    })"}};

} // namespace pinpipe::fields_tool
