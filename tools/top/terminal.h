// SPDX-License-Identifier: MIT
// The terminal with ncurses on it.
#pragma once

#include "lib/base/error.h"

#include <cstdio>
#include <memory>

struct screen; // ncurses' SCREEN

namespace pinpipe::top {

// Owns the terminal's mode. The destructor restores what was before.
class Terminal {
public:
    static Result<Terminal> open();
    Terminal() = default;
    Terminal(Terminal &&other) noexcept;
    Terminal &operator=(Terminal &&) = delete;
    ~Terminal();
    int fd() const { return fileno(keys_.get()); }

private:
    struct FileCloser {
        void operator()(FILE *file) const { std::fclose(file); }
    };
    std::unique_ptr<FILE, FileCloser> keys_;
    screen *screen_ = nullptr;
};

} // namespace pinpipe::top
