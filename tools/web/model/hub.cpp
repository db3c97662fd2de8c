// SPDX-License-Identifier: MIT
#include "tools/web/model/hub.h"

#include "lib/event/json_line.h"
#include "lib/event/stream_names.h"
#include "tools/web/model/event.h"

#include <algorithm>

namespace pinpipe::web {
namespace {

constexpr std::string_view other_room = "other"; // for unknown types of events

bool is_stream(std::string_view name) {
    return std::find(std::begin(stream_names), std::end(stream_names), name) !=
           std::end(stream_names);
}

// The room of an event: its type, or for a lost event the stream that lost events.
std::string_view room_name(const Event &event) {
    const std::string_view type = event.text<"event_type">();
    const std::string_view name = type == "lost" ? event.text<"stream">() : type;
    return is_stream(name) ? name : other_room;
}

} // namespace

bool is_stream_room(std::string_view name) {
    return is_stream(name) || name == other_room;
}

Intake::Intake(Hub &hub, std::shared_ptr<Room> room)
    : hub_(hub), room_(std::move(room)), parser_(std::make_unique<EventParser<Event>>()) {}

Intake::~Intake() = default;

Room *Intake::room_of(const Event &event, const Now &now) {
    if (room_)
        return room_.get();
    return hub_.rooms.open(room_name(event), Source::standard_input, now).get();
}

bool Intake::put(const Event &event, std::string_view line, const Now &now) {
    text_.clear();
    append_json_line(text_, line);
    text_.pop_back();
    if (text_.size() > EventLog::longest_line) // escapes may have made it longer
        return false;
    const std::lock_guard hold(hub_.mutex);
    Room *room = room_of(event, now);
    if (!room)
        return false;
    if (event.text<"event_type">() == "lost") {
        add_up(room->lost, event.number<"count">());
        add_up(room->lost_bytes, event.number<"bytes_sent">() + event.number<"bytes_received">());
    }
    hub_.rooms.add(*room, text_, now);
    if (!room_)
        hub_.summary.take(event, text_, now);
    return true;
}

bool Intake::take(std::string_view line, bool cut, const Now &now) {
    if (is_blank(line))
        return true;
    const Event *event = cut ? nullptr : parser_->parse(line);
    const bool taken = event && put(*event, line, now);
    (taken ? accepted_ : bad_)++;
    if (!taken && !room_) {
        const std::lock_guard hold(hub_.mutex);
        hub_.bad_lines++;
    }
    return taken;
}

} // namespace pinpipe::web
