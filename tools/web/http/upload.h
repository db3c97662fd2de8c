// SPDX-License-Identifier: MIT
// Lines that somebody sends into a room, from the first byte of a request's body to its last.
#pragma once

#include "lib/base/line_splitter.h"
#include "tools/web/model/hub.h"

namespace pinpipe::web {

class Upload {
public:
    Upload(Hub &hub, std::shared_ptr<Room> room);
    ~Upload();
    Upload(const Upload &) = delete;
    Upload &operator=(const Upload &) = delete;

    void feed(std::string_view bytes);
    // The body is whole. {"v":1,"accepted":N,"bad":N}
    std::string end();

private:
    Hub &hub_;
    const std::shared_ptr<Room> room_;
    Intake intake_;
    LineSplitter lines_{EventLog::longest_line};
};

} // namespace pinpipe::web
