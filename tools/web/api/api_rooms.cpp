// SPDX-License-Identifier: MIT
#include "tools/web/api/api.h"
#include "tools/web/common/json.h"

#include <algorithm>
#include <cmath>

namespace pinpipe::web {
namespace {

constexpr uint64_t lately = 200; // lines

void add_room(Writer &w, const Room &room, const Now &now) {
    add_text(w, "name", room.name);
    w.Key("source"), w.String(room.source == Source::remote ? "remote" : "stdin");
    add_number(w, "events", room.events);
    add_number(w, "bytes", room.bytes);
    w.Key("rate"), w.Double(std::round(room.rate(now) * 10) / 10);
    add_time(w, "last_event", room.last_event);
    add_number(w, "lost", room.lost);
    add_number(w, "viewers", room.viewers);
    add_number(w, "senders", room.senders);
    add_flag(w, "ended", room.ended);
}

} // namespace

std::string rooms_json(const Hub &hub, const Now &now) {
    return json_answer([&](Writer &w) {
        w.Key("rooms");
        w.StartArray();
        for (const auto &[name, room] : hub.rooms.all()) {
            w.StartObject();
            add_room(w, *room, now);
            w.EndObject();
        }
        w.EndArray();
        add_number(w, "forgotten", hub.rooms.forgotten());
    });
}

std::string room_json(const Room &room, const Now &now) {
    return json_answer([&](Writer &w) {
        add_room(w, room, now);
        const uint64_t next = room.log.next();
        w.Key("lines");
        w.StartArray();
        for (uint64_t line = next - std::min(next - room.log.first(), lately); line < next; line++)
            add_line(w, room.log.line(line));
        w.EndArray();
    });
}

} // namespace pinpipe::web
