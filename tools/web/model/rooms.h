// SPDX-License-Identifier: MIT
// All rooms, bounded in number and memory.
#pragma once

#include "tools/web/model/room.h"

#include <map>

namespace pinpipe::web {

// Whether name has 1 to 64 characters of A-Za-z0-9._- and is neither "." nor "..".
bool is_room_name(std::string_view name);

class Rooms {
public:
    static constexpr size_t most_rooms = 256;
    static constexpr size_t most_blocks = 320;          // in all rooms: 20 MiB
    static constexpr size_t most_blocks_of_a_room = 48; // 3 MiB

    // epoch: distinguishes the ids of this run from those of other runs.
    explicit Rooms(std::string epoch) : epoch_(std::move(epoch)) {}

    // The room of that name, made if there is none. If there are too many, drops the room without
    // viewers and senders that had no lines for longest; nullptr if every room is in use. A name
    // belongs to the source that used it first: nullptr for the other source.
    std::shared_ptr<Room> open(std::string_view name, Source source, const Now &now);
    std::shared_ptr<Room> find(std::string_view name) const;

    // json: see EventLog::add().
    void add(Room &room, std::string_view json, const Now &now);
    // Marks the rooms of standard input as ended.
    void end_input();

    const std::map<std::string, std::shared_ptr<Room>, std::less<>> &all() const { return rooms_; }
    uint64_t forgotten() const { return forgotten_; }

private:
    bool forget_one();
    void make_space(Room &room);

    const std::string epoch_;
    std::map<std::string, std::shared_ptr<Room>, std::less<>> rooms_;
    size_t blocks_ = 0;
    uint64_t forgotten_ = 0;
    uint64_t made_ = 0;
};

} // namespace pinpipe::web
