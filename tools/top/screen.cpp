// SPDX-License-Identifier: MIT
#include "tools/top/screen.h"

#include "lib/base/signals.h"
#include "lib/system/clock.h"
#include "tools/top/input.h"
#include "tools/top/tables.h"
#include "tools/top/terminal.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

namespace pinpipe::top {
namespace {

constexpr const char *help[] = {
    "q       quit",
    "v       usage, or ports",
    "g       rows of usage by process, by remote, by both",
    "< >     sort by the column to the left, to the right",
    "r       reverse the order",
    "u       units: bytes in powers of 1024, bits in powers of 1000, plain bytes",
    "/       filter: a part of any name, address, interface, protocol, number; Esc: none",
    "p       pause; events are still counted",
    "arrows  scroll; also PgUp, PgDn, Home, End",
    "^L      draw the screen anew",
    "h       this help",
};

class Screen {
public:
    explicit Screen(const Request &request)
        : request_(request), view_(request.view), chosen_(request.chosen) {}
    Result<void> run(uint64_t &bad);

private:
    bool key(int c); // returns false if the program is to end
    void filter_key(int c);
    void view_key(int c);
    void scroll_key(int c);
    void next_column(int step);
    void show(By by);
    void take(std::string_view text);
    void fit_window(int terminal);
    void idle();
    void draw();
    std::string first_line(const Tables &tables) const;
    void draw_rows(const Table &table);
    void put(int y, const std::string &text, attr_t attributes = A_NORMAL);

    Request request_;
    View view_;
    bool chosen_;               // view_.by was chosen; else ports if only ports events came
    By usage_by_ = By::process; // the view of usage that v switches back to
    Tables tables_, shown_;     // shown_: the copy on the screen while paused
    Input input_;
    uint64_t rounds_ = 0;
    std::array<int64_t, std::size(subjects)> last_{}; // last line: CLOCK_BOOTTIME, nanoseconds
    size_t top_ = 0;                                  // first row shown
    bool paused_ = false, helping_ = false, typing_ = false, open_ = true;
};

void Screen::take(std::string_view text) {
    const EventLine line = parse_line(text);
    if (tables_.ends_round(line)) {
        rounds_++;
        tables_.next_round();
    }
    tables_.add(line);
    if (const auto subject = subject_of(line.kind))
        last_[static_cast<size_t>(*subject)] = boot_now();
}

// Sets a table's rates to 0 if no line came for twice its interval, and at least three seconds.
void Screen::idle() {
    for (const Subject subject : subjects) {
        int64_t &last = last_[static_cast<size_t>(subject)];
        Table &table = tables_.of(subject);
        const auto interval =
            static_cast<int64_t>(std::min<uint64_t>(table.interval(), 86'400'000));
        if (!last || boot_now() - last <= std::max<int64_t>(3000, 2 * interval) * 1'000'000)
            continue;
        table.idle();
        last = 0;
    }
}

void Screen::next_column(int step) {
    const std::vector<Shape> shapes = shapes_of(view_.by, static_cast<size_t>(std::max(COLS, 1)));
    const auto at = std::ranges::find(shapes, sorted_by(view_), &Shape::column);
    const long count = static_cast<long>(shapes.size());
    const long next = at == shapes.end() ? 0 : (at - shapes.begin() + step + count) % count;
    view_.sort = shapes[static_cast<size_t>(next)].column;
}

void Screen::show(By by) {
    view_.by = by;
    chosen_ = true;
    top_ = 0;
}

void Screen::filter_key(int c) {
    std::string &filter = view_.filter;
    if (c == 27) {
        filter.clear();
        typing_ = false;
    } else if (c == '\r' || c == '\n' || c == KEY_ENTER) {
        typing_ = false;
    } else if (c == KEY_BACKSPACE || c == 127 || c == 8) {
        while (!filter.empty() && (static_cast<unsigned char>(filter.back()) & 0xc0) == 0x80)
            filter.pop_back();
        if (!filter.empty())
            filter.pop_back();
    } else if (c >= 32 && c < 256 && filter.size() < 100) {
        filter += static_cast<char>(c);
    }
    top_ = 0;
}

void Screen::view_key(int c) {
    if (view_.by != By::port)
        usage_by_ = view_.by;
    switch (c) {
    case 'v': show(view_.by == By::port ? usage_by_ : By::port); break;
    case 'g':
        if (view_.by != By::port)
            show(static_cast<By>((static_cast<int>(view_.by) + 1) % 3));
        break;
    case '<': next_column(-1); break;
    case '>':
    case 's': next_column(1); break;
    case 'r': view_.ascending = !view_.ascending; break;
    case 'u':
        view_.units = static_cast<Units>((static_cast<int>(view_.units) + 1) % units_count);
        break;
    case '/': typing_ = true; break;
    case 27: view_.filter.clear(); break;
    default: break;
    }
}

void Screen::scroll_key(int c) {
    const size_t page = static_cast<size_t>(std::max(LINES - 3, 1));
    switch (c) {
    case KEY_UP: top_ -= top_ > 0; break;
    case KEY_DOWN: top_++; break;
    case KEY_PPAGE: top_ -= std::min(top_, page); break;
    case KEY_NPAGE: top_ += page; break;
    case KEY_HOME: top_ = 0; break;
    case KEY_END: top_ = SIZE_MAX; break;
    default: break;
    }
}

bool Screen::key(int c) {
    if (c == KEY_RESIZE)
        return true;
    if (c == ('L' & 0x1f)) { // Ctrl-L: something else has written to the terminal
        clearok(curscr, true);
        return true;
    }
    if (typing_) {
        filter_key(c);
        return true;
    }
    const bool was_helping = helping_;
    helping_ = (c == 'h' || c == '?') && !was_helping;
    if (c == 'p' || c == ' ') {
        paused_ = !paused_;
        shown_ = paused_ ? tables_ : Tables();
    }
    view_key(c);
    scroll_key(c);
    return c != 'q';
}

void Screen::put(int y, const std::string &text, attr_t attributes) {
    if (y < 0 || y >= LINES)
        return;
    attrset(static_cast<int>(attributes));
    mvaddstr(y, 0, fitted(text, static_cast<size_t>(std::max(COLS, 0))).c_str());
    attrset(A_NORMAL);
}

std::string Screen::first_line(const Tables &tables) const {
    if (typing_)
        return "filter: " + harmless(view_.filter) + "_";
    return std::string(open_ ? "" : "input ended, q quits  ") + (paused_ ? "paused  " : "") +
           summary_text(tables.of(subject_of(view_.by)).summary(), view_);
}

void Screen::draw_rows(const Table &table) {
    const auto width = static_cast<size_t>(std::max(COLS, 1));
    put(1, heading(view_, width), A_REVERSE);
    const std::vector<Row> rows =
        table.rows(view_.by, sorted_by(view_), view_.ascending, view_.filter);
    const size_t room = static_cast<size_t>(std::max(LINES - 2, 0));
    top_ = std::min(top_, rows.size() > room ? rows.size() - room : 0);
    for (size_t i = 0; i < room && top_ + i < rows.size(); i++)
        put(static_cast<int>(i) + 2, row_text(rows[top_ + i], view_, width));
}

void Screen::draw() {
    const Tables &tables = paused_ ? shown_ : tables_;
    if (!chosen_)
        view_.by = tables.of(Subject::ports).size() && !tables.of(Subject::usage).size()
                       ? By::port
                       : By::process;
    erase();
    put(0, first_line(tables), A_BOLD);
    if (helping_)
        for (size_t i = 0; i < std::size(help); i++)
            put(static_cast<int>(i) + 2, help[i]);
    else
        draw_rows(tables.of(subject_of(view_.by)));
    refresh();
}

void Screen::fit_window(int terminal) {
    winsize size{};
    if (ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        (size.ws_row != LINES || size.ws_col != COLS))
        resizeterm(size.ws_row, size.ws_col);
}

Result<void> Screen::run(uint64_t &bad) {
    auto terminal = Terminal::open();
    if (!terminal)
        return fail(terminal.error());
    constexpr int redraw = 250; // milliseconds; also notices a new window size
    bool going = true;
    while (going && !stop_requested()) {
        fit_window(terminal->fd());
        idle();
        draw();
        pollfd wait[] = {{terminal->fd(), POLLIN, 0}, {open_ ? STDIN_FILENO : -1, POLLIN, 0}};
        if (poll_until_stop(wait, 2, redraw) < 0) {
            if (errno == EINTR) // another window size, or back in the foreground
                continue;
            break;
        }
        if (wait[0].revents & (POLLHUP | POLLERR))
            break; // the terminal was closed
        if (wait[1].revents)
            open_ = input_.read_some(STDIN_FILENO, [this](std::string_view text) { take(text); });
        for (int c = getch(); c != ERR && going; c = going ? getch() : ERR)
            going = key(c);
        going = going && !(request_.count && rounds_ >= request_.count);
    }
    bad = tables_.bad();
    return {};
}

} // namespace

Result<void> run_screen(const Request &request, uint64_t &bad) {
    return Screen(request).run(bad);
}

} // namespace pinpipe::top
