// SPDX-License-Identifier: MIT
#include "tools/web/model/rooms.h"

#include <algorithm>

namespace pinpipe::web {

bool is_room_name(std::string_view name) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    constexpr size_t longest = 64;
    return !name.empty() && name.size() <= longest &&
           name.find_first_not_of(letters) == name.npos && name != "." && name != "..";
}

std::shared_ptr<Room> Rooms::find(std::string_view name) const {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : found->second;
}

std::shared_ptr<Room> Rooms::open(std::string_view name, Source source, const Now &now) {
    if (auto room = find(name))
        return room->source == source ? room : nullptr;
    if (rooms_.size() == most_rooms && !forget_one())
        return nullptr;
    // A new epoch for each room: one that was forgotten and made again restarts its line numbers.
    auto room =
        std::make_shared<Room>(std::string(name), source, epoch_ + "." + std::to_string(++made_));
    room->touched = now.ms;
    rooms_.emplace(name, room);
    return room;
}

bool Rooms::forget_one() {
    auto oldest = rooms_.end();
    for (auto at = rooms_.begin(); at != rooms_.end(); ++at) {
        const Room &room = *at->second;
        if (room.viewers || room.senders || (room.source == Source::standard_input && !room.ended))
            continue;
        if (oldest == rooms_.end() || room.touched < oldest->second->touched)
            oldest = at;
    }
    if (oldest == rooms_.end())
        return false;
    blocks_ -= oldest->second->log.blocks();
    rooms_.erase(oldest);
    forgotten_++;
    return true;
}

void Rooms::make_space(Room &room) {
    Room *from = &room;
    if (room.log.blocks() < most_blocks_of_a_room) {
        if (blocks_ < most_blocks)
            return;
        for (const auto &[name, other] : rooms_)
            if (other->log.blocks() > from->log.blocks())
                from = other.get();
    }
    from->log.drop_block();
    blocks_--;
}

void Rooms::add(Room &room, std::string_view json, const Now &now) {
    if (room.log.needs_block(json)) {
        make_space(room);
        blocks_++;
    }
    room.log.add(json);
    room.events++;
    room.bytes += json.size() + 1;
    room.last_event = room.touched = now.ms;
    room.seconds.add(now.second, 1);
}

void Rooms::end_input() {
    for (const auto &[name, room] : rooms_)
        if (room->source == Source::standard_input)
            room->ended = true;
}

} // namespace pinpipe::web
