// SPDX-License-Identifier: MIT
// Lines of standard input as they come.
#pragma once

#include "lib/base/line_splitter.h"

#include <functional>

namespace pinpipe::top {

class Input {
public:
    static constexpr size_t longest = 1 << 20; // what is longer is given as far as it fits

    // Reads once what there is; calls take for each whole line, without its newline. False: that
    // was the end.
    bool read_some(int fd, const std::function<void(std::string_view)> &take);

private:
    LineSplitter lines_{longest};
};

} // namespace pinpipe::top
