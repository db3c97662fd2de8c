// SPDX-License-Identifier: MIT
// Reads standard input in a separate thread, so that its writer never waits for viewers.
#pragma once

#include "tools/web/common/waker.h"
#include "tools/web/model/hub.h"

#include <thread>

namespace pinpipe::web {

class Input {
public:
    static Result<std::unique_ptr<Input>> open(int fd, Hub &hub);
    ~Input();
    Input(const Input &) = delete;
    Input &operator=(const Input &) = delete;

private:
    Input(int fd, Hub &hub, Waker leave);
    void read_all();
    void end(int code);

    const int fd_;
    Hub &hub_;
    const Waker leave_;
    Intake intake_{hub_};
    uint64_t lines_ = 0;
    std::thread thread_;
};

} // namespace pinpipe::web
