// SPDX-License-Identifier: MIT
// A room: one stream of one source, with its last lines and with counts of all lines.
#pragma once

#include "tools/web/model/event_log.h"
#include "tools/web/model/now.h"
#include "tools/web/model/window.h"

namespace pinpipe::web {

enum class Source { standard_input, remote };

struct Room {
    Room(std::string room_name, Source room_source, std::string epoch)
        : name(std::move(room_name)), source(room_source), log(std::move(epoch)) {}

    double rate(const Now &now) const {
        return static_cast<double>(seconds.sum(now.second - 10, now.second)) / 10;
    }

    const std::string name;
    const Source source;
    EventLog log;
    uint64_t events = 0, bytes = 0;
    uint64_t lost = 0, lost_bytes = 0;
    uint64_t viewers = 0, senders = 0;
    uint64_t viewers_lost = 0;           // lines that slow viewers lost
    int64_t last_event = 0, touched = 0; // milliseconds since 1970; 0: never
    bool ended = false;
    Window<16> seconds; // events in each second
};

} // namespace pinpipe::web
