// SPDX-License-Identifier: MIT
// Splits standard input into lines as they arrive.
#pragma once

#include "lib/base/line_splitter.h"

#include <functional>

namespace pinpipe::top {

class Input {
public:
    static constexpr size_t longest = 1 << 20; // bytes; longer lines are cut off

    // Reads once what is available and calls take for each complete line, without its newline.
    // Returns false at the end of the input.
    bool read_some(int fd, const std::function<void(std::string_view)> &take);

private:
    LineSplitter lines_{longest};
};

} // namespace pinpipe::top
