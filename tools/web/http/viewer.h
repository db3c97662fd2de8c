// SPDX-License-Identifier: MIT
// One viewer of a room: produces the Server-Sent Events to send from its position on, and notes of
// how many lines it missed. The caller holds the hub's mutex.
#pragma once

#include "tools/web/model/room.h"

#include <chrono>
#include <optional>

namespace pinpipe::web {

class Viewer {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr uint64_t joining_lines = 200;
    static constexpr std::chrono::seconds heartbeat{15};

    struct Wish {
        std::string last_event_id; // "EPOCH-N", or empty
        uint64_t rate = 0;         // lines a second at most; 0: all
    };
    Viewer(std::shared_ptr<Room> room, const Wish &wish, Clock::time_point now);
    ~Viewer();
    Viewer(const Viewer &) = delete;
    Viewer &operator=(const Viewer &) = delete;

    // Writes what is to be sent, at most `room` bytes. Returns the number of bytes; 0: nothing now.
    size_t fill(char *to, size_t room, Clock::time_point now);
    bool has_news(Clock::time_point now) const;
    // Part of an event was sent and the rest was dropped: the connection must end.
    bool broken() const { return broken_; }

private:
    void join(const Wish &wish);
    void catch_up();
    void thin_out(Clock::time_point now);
    void add_notes(Clock::time_point now);
    size_t copy_lines(char *to, size_t room);
    double tokens(Clock::time_point now) const;
    bool sampled_due(Clock::time_point now) const;

    const std::shared_ptr<Room> room_;
    const uint64_t rate_;
    Position at_;
    std::string notes_;             // to be sent before any more lines
    uint64_t sampled_ = 0;          // lines skipped because of the rate
    double tokens_ = joining_lines; // lines that may go out, with a rate
    bool told_end_ = false, broken_ = false;
    Clock::time_point filled_, sent_, told_sampled_;
};

} // namespace pinpipe::web
