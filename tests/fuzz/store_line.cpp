// SPDX-License-Identifier: MIT
// A line of ebpf-store's input: what is taken is a JSON object, what is kept of it means the same,
// and what is printed of it acts on no terminal.
#include "lib/event/json_line.h"
#include "tools/store/feed.h"
#include "tools/store/line.h"

#include <cstdlib>
#include <rapidjson/document.h>
#include <rapidjson/writer.h>

using namespace pinpipe::store;

namespace {

constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

void need(bool condition) {
    if (!condition)
        abort();
}

rapidjson::Document parsed(std::string_view text) {
    rapidjson::Document document;
    document.Parse<flags>(text.data(), text.size());
    need(!document.HasParseError() && document.IsObject());
    return document;
}

// RapidJSON's == takes objects with a name twice for unequal to themselves.
std::string text_of(const rapidjson::Value &value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

void check_printed(std::string_view text, const rapidjson::Document &document) {
    std::string out;
    append_json_line(out, text);
    need(out.back() == '\n');
    out.pop_back();
    for (size_t i = 0; i < out.size(); i++) {
        const auto c = static_cast<unsigned char>(out[i]);
        need(c >= 0x20 && c != 0x7f);
        need(c != 0xc2 || static_cast<unsigned char>(out[i + 1]) >= 0xa0);
    }
    need(text_of(parsed(out)) == text_of(document));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    std::string text(reinterpret_cast<const char *>(data), size);
    std::erase(text, '\n');
    need(!claimed_type(text).empty());
    static LineParser parser;
    const Line line = parser.parse(text);
    if (line.kind == LineKind::bad || line.kind == LineKind::empty)
        return 0;
    const rapidjson::Document document = parsed(text);
    need(document.HasMember("event_type"));
    check_printed(text, document);
    if (line.kind != LineKind::counted)
        return 0;
    need(line.time <= 1ULL << 53 && line.sums.sent <= 1ULL << 53);
    if (line.extra.empty())
        return 0;
    const rapidjson::Document extra = parsed("{" + line.extra + "}");
    for (const auto &member : extra.GetObject()) {
        bool there = false; // names may repeat
        for (const auto &original : document.GetObject())
            there = there || (original.name == member.name &&
                              text_of(original.value) == text_of(member.value));
        need(there);
    }
    return 0;
}
