// SPDX-License-Identifier: MIT
// One request that sends lines into a room, from the first byte of its body to the last.
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
    // The body is complete. Returns the answer: {"v":1,"accepted":N,"bad":N}
    std::string end();

private:
    Hub &hub_;
    const std::shared_ptr<Room> room_;
    Intake intake_;
    LineSplitter lines_{EventLog::longest_line};
};

} // namespace pinpipe::web
