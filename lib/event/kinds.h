// SPDX-License-Identifier: MIT
// Kinds that many fields share. "#/$defs/..." are defined in tools/fields/definitions.h.
#pragma once

#include "lib/event/field.h"

namespace pinpipe::kind {

inline constexpr Kind count = {JsonType::number, R"("$ref": "#/$defs/count")"};
inline constexpr Kind positive_count = {JsonType::number,
                                        R"("$ref": "#/$defs/count", "minimum": 1)"};
inline constexpr Kind number = {JsonType::number, R"("$ref": "#/$defs/number")"};
inline constexpr Kind positive = {JsonType::number, R"("$ref": "#/$defs/number", "minimum": 1)"};
inline constexpr Kind byte = {JsonType::number, R"("$ref": "#/$defs/byte")"};
inline constexpr Kind word = {JsonType::number, R"("$ref": "#/$defs/word")"};
inline constexpr Kind port = {JsonType::number, R"("$ref": "#/$defs/port")"};
inline constexpr Kind bytes = count.in("bytes");
inline constexpr Kind milliseconds = count.in("milliseconds");
inline constexpr Kind milliseconds_utc = count.in("milliseconds since 1970, UTC");
inline constexpr Kind microseconds = count.in("microseconds");
inline constexpr Kind microseconds_utc = count.in("microseconds since 1970, UTC");

inline constexpr Kind address = {JsonType::text, R"("$ref": "#/$defs/address")"};
inline constexpr Kind text = {JsonType::text, R"("type": "string")"};
inline constexpr Kind interface = {JsonType::text,
                                   R"("type": "string", "minLength": 1, "maxLength": 15)"};
inline constexpr Kind process_name = {JsonType::text, R"("type": "string", "maxLength": 15)"};
inline constexpr Kind thread_name = interface;
inline constexpr Kind path = {JsonType::text, R"("type": "string", "pattern": "^(\\.\\.\\.)?/")"};
inline constexpr Kind decimal = {JsonType::text, R"("type": "string", "pattern": "^[0-9]+$")"};

inline constexpr Kind flag = {JsonType::flag, R"("type": "boolean")"};
inline constexpr Kind always_true = {JsonType::flag, R"("const": true)"};

constexpr Kind text_that(std::string_view schema) {
    return {JsonType::text, schema};
}
constexpr Kind number_that(std::string_view schema) {
    return {JsonType::number, schema};
}

} // namespace pinpipe::kind
