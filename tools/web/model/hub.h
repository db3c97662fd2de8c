// SPDX-License-Identifier: MIT
// Where lines from everywhere come together: rooms and sums, shared by the thread that reads
// standard input and the one that serves connections.
#pragma once

#include "tools/web/model/event.h"
#include "tools/web/model/rooms.h"
#include "tools/web/model/summary.h"

#include <functional>
#include <mutex>

namespace pinpipe::web {

class Hub {
public:
    // wake: called when lines have come, with nothing locked.
    Hub(std::string epoch, std::function<void()> wake)
        : rooms(std::move(epoch)), wake_(std::move(wake)) {}

    // Whoever looks at what follows holds this; not for long.
    mutable std::mutex mutex;
    Rooms rooms;
    Summary summary;
    uint64_t bad_lines = 0; // of standard input
    bool input_ended = false;

    void wake() const { wake_(); }

private:
    const std::function<void()> wake_;
};

// One source of lines: takes them apart and brings them to where they belong.
class Intake {
public:
    explicit Intake(Hub &hub, std::shared_ptr<Room> room = nullptr)
        : hub_(hub), room_(std::move(room)) {}

    // cut: the line is longer than a line may be. False: it was no event and is only counted.
    bool take(std::string_view line, bool cut, const Now &now);
    uint64_t accepted() const { return accepted_; }
    uint64_t bad() const { return bad_; }

private:
    Room *room_of(const Event &event, const Now &now);
    bool put(const Event &event, std::string_view line, const Now &now);

    Hub &hub_;
    const std::shared_ptr<Room> room_; // of a remote source; empty: by the events' types
    EventParser<Event> parser_;
    std::string text_;
    uint64_t accepted_ = 0, bad_ = 0;
};

// Names that belong to standard input.
bool is_stream_room(std::string_view name);

} // namespace pinpipe::web
