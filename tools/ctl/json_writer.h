// SPDX-License-Identifier: MIT
// What the commands write their --json with: RapidJSON's writer, a member with text of any bytes,
// and words.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/event/json_line.h"

#include <rapidjson/writer.h>
#include <string>

namespace pinpipe::ctl {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

// "key":"value"; bytes that are no UTF-8 become U+FFFD.
inline void write_string(JsonWriter &w, const char *key, const std::string &value) {
    w.Key(key);
    const std::string text = json_string(value);
    w.RawValue(text.data(), text.size(), rapidjson::kStringType);
}

// Of a subject: what it matches processes by.
inline const char *kind_text(uint32_t kind) {
    switch (kind) {
    case SUBJECT_EXE: return "exe";
    case SUBJECT_PID: return "pid";
    case SUBJECT_ANY: return "any";
    default: return "name";
    }
}

// One line, with its newline.
inline std::string line_of(const rapidjson::StringBuffer &buffer) {
    return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

} // namespace pinpipe::ctl
