// SPDX-License-Identifier: MIT
// JSON as RapidJSON's reader takes it apart in place.
#pragma once

#include <rapidjson/reader.h>
#include <string_view>
#include <vector>

namespace pinpipe {

// The text that a reader takes apart in place: the handler's texts point into it.
class JsonScratch {
public:
    // Where text stands from now on, followed by zeros.
    const char *put(std::string_view text);

    // What was put. False: no JSON, or no valid UTF-8, or the handler wanted no more.
    template <class Handler> bool parse(Handler &handler) {
        if (!whole_)
            return false;
        rapidjson::InsituStringStream in(bytes_.data());
        rapidjson::Reader reader;
        constexpr unsigned flags = rapidjson::kParseInsituFlag;
        constexpr unsigned checked = flags | rapidjson::kParseValidateEncodingFlag;
        return ascii_ ? !reader.Parse<flags>(in, handler).IsError()
                      : !reader.Parse<checked>(in, handler).IsError();
    }

private:
    std::vector<char> bytes_;
    bool ascii_ = false; // which needs no look at its encoding
    bool whole_ = false; // no zero inside, which RapidJSON would take for the end
};

} // namespace pinpipe
