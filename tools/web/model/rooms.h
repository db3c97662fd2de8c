// SPDX-License-Identifier: MIT
// All rooms, within a bounded number and bounded memory.
#pragma once

#include "tools/web/model/room.h"

#include <map>

namespace pinpipe::web {

// 1 to 64 of A-Za-z0-9._-, and not a directory.
bool is_room_name(std::string_view name);

class Rooms {
public:
    static constexpr size_t most_rooms = 256;
    static constexpr size_t most_blocks = 320;          // in all rooms: 20 MiB
    static constexpr size_t most_blocks_of_a_room = 48; // 3 MiB

    // epoch: what tells the ids of this run from those of another.
    explicit Rooms(std::string epoch) : epoch_(std::move(epoch)) {}

    // The room, made if there is none. When there are too many, the one that nobody is in and that
    // had nothing for longest is forgotten; nullptr: somebody is in each. A name belongs to the
    // source that used it first: nullptr for the other one.
    std::shared_ptr<Room> open(std::string_view name, Source source, const Now &now);
    std::shared_ptr<Room> find(std::string_view name) const;

    // json: see EventLog::add().
    void add(Room &room, std::string_view json, const Now &now);
    // No more comes from standard input.
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
