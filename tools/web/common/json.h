// SPDX-License-Identifier: MIT
// Helpers of all JSON answers, on RapidJSON's Writer.
#pragma once

#include "lib/event/json_line.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace pinpipe::web {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

// Text from outside may have any bytes: see json_string().
inline void add_text(Writer &w, const char *key, std::string_view text) {
    const std::string quoted = json_string(text);
    w.Key(key);
    w.RawValue(quoted.data(), quoted.size(), rapidjson::kStringType);
}

inline void add_number(Writer &w, const char *key, uint64_t number) {
    w.Key(key);
    w.Uint64(number);
}

// A time in milliseconds since 1970; left out if it is 0.
inline void add_time(Writer &w, const char *key, int64_t ms) {
    if (ms)
        add_number(w, key, static_cast<uint64_t>(ms));
}

inline void add_flag(Writer &w, const char *key, bool flag) {
    w.Key(key);
    w.Bool(flag);
}

// A line that is a JSON object already.
inline void add_line(Writer &w, std::string_view line) {
    w.RawValue(line.data(), line.size(), rapidjson::kObjectType);
}

// An object with "v":1 and the members that fill() writes, followed by a newline.
template <class Fill> std::string json_answer(Fill &&fill) {
    rapidjson::StringBuffer buffer;
    Writer w(buffer);
    w.StartObject();
    add_number(w, "v", 1);
    fill(w);
    w.EndObject();
    return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

} // namespace pinpipe::web
