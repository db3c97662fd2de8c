// SPDX-License-Identifier: MIT
// Checks and parses lines of NDJSON.
#pragma once

#include "tests/unit/support/decode.h"

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <set>
#include <utility>

namespace pinpipe {

// Succeeds if the text is valid UTF-8 without characters that a terminal acts upon.
inline testing::AssertionResult is_harmless(std::string_view s) {
    if (!is_utf8(s))
        return testing::AssertionFailure() << "no UTF-8: " << testing::PrintToString(s);
    if (const size_t at = find_control(s); at != s.npos)
        return testing::AssertionFailure()
               << "byte " << at << " acts on terminals: " << testing::PrintToString(s);
    return testing::AssertionSuccess();
}

// Parses one NDJSON line: an object without a repeated key, harmless, with one newline, at its end.
inline testing::AssertionResult is_event_line(std::string_view line) {
    if (line.empty() || line.back() != '\n')
        return testing::AssertionFailure() << "no newline at the end: " << line;
    line.remove_suffix(1);
    if (auto harmless = is_harmless(line); !harmless)
        return harmless;
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
    if (document.HasParseError() || !document.IsObject())
        return testing::AssertionFailure() << "no JSON object: " << line;
    std::set<std::string> keys;
    for (const auto &member : std::as_const(document).GetObject())
        if (!keys.insert(member.name.GetString()).second)
            return testing::AssertionFailure() << member.name.GetString() << " twice: " << line;
    return testing::AssertionSuccess();
}

inline rapidjson::Document parse_json(std::string_view text) {
    rapidjson::Document document;
    document.Parse(text.data(), text.size());
    return document;
}

} // namespace pinpipe
