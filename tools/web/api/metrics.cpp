// SPDX-License-Identifier: MIT
// Metrics in Prometheus' text format. Only room names are labels, and their number is bounded.
#include "lib/base/version.h"
#include "tools/web/api/api.h"

#include <functional>

namespace pinpipe::web {
namespace {

void begin(std::string &out, const char *name, const char *type, const char *help) {
    out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void one(std::string &out, const char *name, const char *type, const char *help, uint64_t value) {
    begin(out, name, type, help);
    out += std::string(name) + " " + std::to_string(value) + "\n";
}

// Names of rooms need no escapes.
void each_room(std::string &out, const Hub &hub, const char *name, const char *type,
               const char *help, const std::function<uint64_t(const Room &)> &value) {
    begin(out, name, type, help);
    for (const auto &[room, about] : hub.rooms.all())
        out +=
            std::string(name) + "{room=\"" + room + "\"} " + std::to_string(value(*about)) + "\n";
}

void add_rooms(std::string &out, const Hub &hub) {
    each_room(out, hub, "pinpipe_room_events_total", "counter", "Events that came into the room.",
              [](const Room &room) { return room.events; });
    each_room(out, hub, "pinpipe_room_bytes_total", "counter", "Bytes of NDJSON of these events.",
              [](const Room &room) { return room.bytes; });
    each_room(out, hub, "pinpipe_room_lost_events_total", "counter",
              "Events that the source says it lost.", [](const Room &room) { return room.lost; });
    each_room(out, hub, "pinpipe_room_viewer_lost_events_total", "counter",
              "Events that slow viewers lost.", [](const Room &room) { return room.viewers_lost; });
    each_room(out, hub, "pinpipe_room_viewers", "gauge", "Viewers now.",
              [](const Room &room) { return room.viewers; });
    each_room(out, hub, "pinpipe_room_senders", "gauge", "Senders now.",
              [](const Room &room) { return room.senders; });
}

} // namespace

std::string metrics_text(const Hub &hub) {
    std::string out;
    const Summary &summary = hub.summary;
    begin(out, "pinpipe_build_info", "gauge", "The version that runs.");
    out.append("pinpipe_build_info{version=\"").append(version).append("\"} 1\n");
    one(out, "pinpipe_events_total", "counter", "Events of standard input.", summary.events());
    one(out, "pinpipe_bad_lines_total", "counter", "Lines of standard input that are no event.",
        hub.bad_lines);
    one(out, "pinpipe_input_ended", "gauge", "Whether standard input has ended.", hub.input_ended);
    one(out, "pinpipe_sent_bytes_total", "counter", "Bytes that processes sent.",
        summary.traffic().sent);
    one(out, "pinpipe_received_bytes_total", "counter", "Bytes that processes received.",
        summary.traffic().received);
    one(out, "pinpipe_denied_events_total", "counter", "Denials that were reported.",
        summary.denied());
    one(out, "pinpipe_processes", "gauge", "Processes that are known.",
        summary.processes().all().size());
    one(out, "pinpipe_rooms", "gauge", "Rooms.", hub.rooms.all().size());
    add_rooms(out, hub);
    return out;
}

} // namespace pinpipe::web
