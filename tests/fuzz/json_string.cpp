// SPDX-License-Identifier: MIT
// Any bytes as a JSON string: always harmless, and always what stands for them.
#include "lib/event/json_line.h"

#include "tests/unit/support/decode.h"

#include <cstdlib>
#include <rapidjson/document.h>

using namespace pinpipe;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char *>(data), size);
    const std::string json = json_string(bytes), expected = with_replacements(bytes);
    if (!is_utf8(json) || find_control(json) != json.npos || decode_json(json) != expected)
        abort();
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(json.data(), json.size());
    if (!document.IsString() ||
        std::string_view(document.GetString(), document.GetStringLength()) != expected)
        abort();
    return 0;
}
