#include "tools/top/screen.h"

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/signals.h"
#include "tools/top/input.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

namespace pinpipe::top {
namespace {

constexpr const char *help[] = {
    "q       end",
    "g       rows by process, by remote, by both",
    "< >     sort by the column to the left, to the right",
    "r       the other way round",
    "u       units: bytes in powers of 1024, bits in powers of 1000, plain bytes",
    "/       filter: process, remote, protocol or pid; Esc: none",
    "p       pause; what comes meanwhile is counted",
    "arrows  scroll; also PgUp, PgDn, Home, End",
    "h       this",
};

struct FileCloser {
    void operator()(FILE *file) const { std::fclose(file); }
};

// Owner of the terminal's mode: as it was before once this is gone.
class Terminal {
public:
    static Result<Terminal> open() {
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
    Terminal() = default;
    Terminal(Terminal &&other) noexcept
        : keys_(std::move(other.keys_)), screen_(std::exchange(other.screen_, nullptr)) {}
    Terminal &operator=(Terminal &&) = delete;
    ~Terminal() {
        if (!screen_)
            return;
        endwin();
        delscreen(screen_);
    }
    int fd() const { return fileno(keys_.get()); }

private:
    std::unique_ptr<FILE, FileCloser> keys_;
    SCREEN *screen_ = nullptr;
};

class Screen {
public:
    explicit Screen(const Request &request) : request_(request), view_(request.view) {}
    Result<void> run(uint64_t &bad);

private:
    bool key(int c); // false: the end
    void filter_key(int c);
    void next_column(int step);
    void take(std::string_view text);
    void draw();
    void put(int y, const std::string &text, attr_t attributes = A_NORMAL);

    Request request_;
    View view_;
    Table table_, shown_; // shown_: what stands still while paused
    Input input_;
    uint64_t snapshots_ = 0;
    int64_t last_ = 0; // when a line came: nanoseconds of CLOCK_BOOTTIME
    size_t top_ = 0;   // first row shown
    bool paused_ = false, helping_ = false, typing_ = false, open_ = true;
};

void Screen::take(std::string_view text) {
    const UsageLine line = parse_line(text);
    if (line.kind == LineKind::usage && line.time != table_.summary().time)
        snapshots_++;
    table_.add(line);
    last_ = boot_now();
}

void Screen::next_column(int step) {
    const std::vector<Column> columns = columns_of(view_.by);
    const auto at = std::find(columns.begin(), columns.end(), view_.sort);
    const long count = static_cast<long>(columns.size());
    const long next =
        at == columns.end() ? count - 1 : (at - columns.begin() + step + count) % count;
    view_.sort = columns[static_cast<size_t>(next)];
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

bool Screen::key(int c) {
    if (c == KEY_RESIZE)
        return true;
    if (typing_) {
        filter_key(c);
        return true;
    }
    const size_t page = static_cast<size_t>(std::max(LINES - 3, 1));
    const bool was_helping = helping_;
    helping_ = false;
    switch (c) {
    case 'q': return false;
    case 'h':
    case '?': helping_ = !was_helping; break;
    case 'g':
        view_.by = static_cast<By>((static_cast<int>(view_.by) + 1) % 3);
        next_column(0);
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
    case 'p':
    case ' ':
        paused_ = !paused_;
        shown_ = paused_ ? table_ : Table();
        break;
    case KEY_UP: top_ -= top_ > 0; break;
    case KEY_DOWN: top_++; break;
    case KEY_PPAGE: top_ -= std::min(top_, page); break;
    case KEY_NPAGE: top_ += page; break;
    case KEY_HOME: top_ = 0; break;
    case KEY_END: top_ = SIZE_MAX; break;
    default: break;
    }
    return true;
}

void Screen::put(int y, const std::string &text, attr_t attributes) {
    if (y < 0 || y >= LINES)
        return;
    attrset(static_cast<int>(attributes));
    mvaddstr(y, 0, fitted(text, static_cast<size_t>(std::max(COLS, 0))).c_str());
    attrset(A_NORMAL);
}

void Screen::draw() {
    erase();
    const Table &table = paused_ ? shown_ : table_;
    const auto width = static_cast<size_t>(std::max(COLS, 1));
    std::string summary = summary_text(table.summary(), view_);
    if (paused_)
        summary = "paused  " + summary;
    if (!open_)
        summary = "input ended, q quits  " + summary;
    if (typing_)
        summary = "filter: " + harmless(view_.filter) + "_";
    put(0, summary, A_BOLD);
    if (helping_) {
        for (size_t i = 0; i < std::size(help); i++)
            put(static_cast<int>(i) + 2, help[i]);
    } else {
        put(1, heading(view_, width), A_REVERSE);
        const std::vector<Row> rows =
            table.rows(view_.by, view_.sort, view_.ascending, view_.filter);
        const size_t room = static_cast<size_t>(std::max(LINES - 2, 0));
        top_ = std::min(top_, rows.size() > room ? rows.size() - room : 0);
        for (size_t i = 0; i < room && top_ + i < rows.size(); i++)
            put(static_cast<int>(i) + 2, row_text(rows[top_ + i], view_, width));
    }
    refresh();
}

Result<void> Screen::run(uint64_t &bad) {
    auto terminal = Terminal::open();
    if (!terminal)
        return fail(terminal.error());
    constexpr int redraw = 250; // milliseconds: also for a window that has changed its size
    while (!stop_requested()) {
        winsize size{};
        if (ioctl(terminal->fd(), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
            (size.ws_row != LINES || size.ws_col != COLS))
            resizeterm(size.ws_row, size.ws_col);
        if (last_ && boot_now() - last_ > 3'000'000'000)
            table_.idle(), last_ = 0;
        draw();
        pollfd wait[] = {{terminal->fd(), POLLIN, 0}, {open_ ? STDIN_FILENO : -1, POLLIN, 0}};
        if (poll_until_stop(wait, 2, redraw) < 0)
            break;
        if (wait[0].revents & (POLLHUP | POLLERR))
            break; // the terminal is gone
        if (wait[1].revents)
            open_ = input_.read_some(STDIN_FILENO, [this](std::string_view text) { take(text); });
        bool going = true;
        for (int c = getch(); c != ERR && going; c = going ? getch() : ERR)
            going = key(c);
        if (!going || (request_.count && snapshots_ > request_.count))
            break;
    }
    bad = table_.summary().bad;
    return {};
}

} // namespace

Result<void> run_screen(const Request &request, uint64_t &bad) {
    return Screen(request).run(bad);
}

} // namespace pinpipe::top
