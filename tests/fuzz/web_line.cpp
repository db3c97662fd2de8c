// SPDX-License-Identifier: MIT
// Lines of ebpf-web's input: whatever they are, what is kept and told of them is one line of JSON
// each, and nothing in it acts on a terminal.
#include "lib/base/line_splitter.h"
#include "tools/web/access/origin_check.h"
#include "tools/web/api/api.h"

#include <cstdlib>
#include <rapidjson/document.h>

using namespace pinpipe;

namespace {

constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

void need(bool condition) {
    if (!condition)
        abort();
}

void check_object(std::string_view text) {
    rapidjson::Document document;
    document.Parse<flags>(text.data(), text.size());
    need(!document.HasParseError() && document.IsObject());
    for (size_t i = 0; i < text.size(); i++) {
        const auto c = static_cast<unsigned char>(text[i]);
        need((c >= 0x20 && c != 0x7f) || (c == '\n' && i + 1 == text.size()));
    }
}

void check_rooms(const web::Hub &hub, const web::Now &now) {
    for (const auto &[name, room] : hub.rooms.all()) {
        for (uint64_t line = room->ring.first(); line < room->ring.next(); line++)
            check_object(room->ring.line(line));
        check_object(web::room_json(*room, now));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    web::is_our_host(text, {"name"}, "127.0.0.1");
    web::Hub hub("e", [] {});
    web::Intake intake(hub);
    const web::Now now = {.ms = 1'795'000'000'000, .steady = 2'000'000'000, .second = 2'000'000};
    LineSplitter lines(1000);
    const auto take = [&](std::string_view line, bool cut) { intake.take(line, cut, now); };
    lines.feed(text, take);
    lines.end(take);
    check_rooms(hub, now);
    check_object(web::overview_json(hub, {}, now));
    check_object(web::processes_json(hub, true, 100, now));
    check_object(web::policy_json(hub, "", "why"));
    check_object(web::ports_json(hub, now));
    for (const auto &[key, process] : hub.summary.processes().all().entries())
        check_object(*web::process_json(hub, key, now));
    web::metrics_text(hub);
    return 0;
}
