// SPDX-License-Identifier: MIT
// Parses JSON in place with RapidJSON's reader.
#pragma once

#include <rapidjson/reader.h>
#include <string_view>
#include <vector>

namespace pinpipe {

// Owns the text that is parsed in place: the texts that the handler gets point into it.
class JsonScratch {
public:
    // Copies text, followed by zeros. Returns where the copy is.
    const char *put(std::string_view text);

    // Parses the copy. False: no JSON, invalid UTF-8, or the handler stopped.
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
    bool ascii_ = false; // its encoding needs no check
    bool whole_ = false; // contains no NUL, which RapidJSON takes for the end
};

} // namespace pinpipe
