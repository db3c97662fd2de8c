// SPDX-License-Identifier: MIT
#include "tools/web/http/upload.h"

#include "tools/web/common/json.h"

namespace pinpipe::web {

Upload::Upload(Hub &hub, std::shared_ptr<Room> room)
    : hub_(hub), room_(std::move(room)), intake_(hub_, room_) {
    const std::lock_guard hold(hub_.mutex);
    room_->senders++;
    room_->ended = false;
}

Upload::~Upload() {
    {
        const std::lock_guard hold(hub_.mutex);
        room_->ended = --room_->senders == 0;
    }
    hub_.wake();
}

void Upload::feed(std::string_view bytes) {
    const Now now = read_clock();
    lines_.feed(bytes, [&](std::string_view line, bool cut) { intake_.take(line, cut, now); });
    hub_.wake();
}

std::string Upload::end() {
    const Now now = read_clock();
    lines_.end([&](std::string_view line, bool cut) { intake_.take(line, cut, now); });
    return json_answer([&](Writer &w) {
        add_number(w, "accepted", intake_.accepted());
        add_number(w, "bad", intake_.bad());
    });
}

} // namespace pinpipe::web
