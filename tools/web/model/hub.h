// SPDX-License-Identifier: MIT
// The hub collects the lines of all sources into rooms and sums. The thread that reads standard
// input and the thread that serves connections share it.
#pragma once

#include "tools/web/model/rooms.h"
#include "tools/web/model/summary.h"

#include <functional>
#include <memory>
#include <mutex>

namespace pinpipe {
template <class FIELDS> class EventParser;
}

namespace pinpipe::web {

class Hub {
public:
    // wake: called after lines have come; the mutex is not held then.
    Hub(std::string epoch, std::function<void()> wake)
        : rooms(std::move(epoch)), wake_(std::move(wake)) {}

    // Protects all members below. To be held briefly.
    mutable std::mutex mutex;
    Rooms rooms;
    Summary summary;
    uint64_t bad_lines = 0; // of standard input
    bool input_ended = false;

    void wake() const { wake_(); }

private:
    const std::function<void()> wake_;
};

// Parses the lines of one source and adds them to their rooms and to the sums.
class Intake {
public:
    explicit Intake(Hub &hub, std::shared_ptr<Room> room = nullptr);
    ~Intake();

    // cut: the line was too long and is incomplete. Returns false if the line is no event; it is
    // only counted then.
    bool take(std::string_view line, bool cut, const Now &now);
    uint64_t accepted() const { return accepted_; }
    uint64_t bad() const { return bad_; }

private:
    Room *room_of(const Event &event, const Now &now);
    bool put(const Event &event, std::string_view line, const Now &now);

    Hub &hub_;
    const std::shared_ptr<Room> room_; // of a remote source; empty: standard input
    const std::unique_ptr<EventParser<Event>> parser_;
    std::string text_;
    uint64_t accepted_ = 0, bad_ = 0;
};

// Whether the name is reserved for a room of standard input.
bool is_stream_room(std::string_view name);

} // namespace pinpipe::web
