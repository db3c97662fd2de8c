// SPDX-License-Identifier: MIT
#include "tools/top/terminal.h"

#include <cerrno>
#include <utility>

#define NCURSES_NOMACROS 1
#include <curses.h>

namespace pinpipe::top {

Result<Terminal> Terminal::open() {
    Terminal terminal;
    terminal.keys_.reset(std::fopen("/dev/tty", "re"));
    if (!terminal.keys_)
        return fail(system_error("open /dev/tty", errno));
    terminal.screen_ = newterm(nullptr, stdout, terminal.keys_.get());
    if (!terminal.screen_)
        return fail(failure("this terminal is unknown: TERM is not set, or has no entry")
                        .with_hint("ebpf-top --batch"));
    cbreak();
    noecho();
    nonl();
    curs_set(0);
    keypad(stdscr, true);
    nodelay(stdscr, true);
    set_escdelay(50);
    return terminal;
}

Terminal::Terminal(Terminal &&other) noexcept
    : keys_(std::move(other.keys_)), screen_(std::exchange(other.screen_, nullptr)) {}

Terminal::~Terminal() {
    if (!screen_)
        return;
    endwin();
    delscreen(screen_);
}

} // namespace pinpipe::top
