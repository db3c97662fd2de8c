// SPDX-License-Identifier: MIT
#include "tools/store/speaker.h"

#include <cinttypes>
#include <cstdio>
#include <unistd.h>

namespace pinpipe::store {
namespace {

const char *plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

} // namespace

Speaker::Speaker(bool verbose) : verbose_(verbose), terminal_(isatty(STDERR_FILENO)) {}

Speaker::~Speaker() {
    begin_line();
}

void Speaker::begin_line() {
    if (progress_)
        std::fputs("\n", stderr);
    progress_ = false;
}

void Speaker::bad_line(uint64_t number) {
    if (number <= last_bad_)
        return;
    last_bad_ = number;
    const auto [say, unsaid] = bad_lines_.next();
    if (unsaid) {
        begin_line();
        std::fprintf(stderr, "ebpf-store: %" PRIu64 " more bad line%s\n", unsaid, plural(unsaid));
    }
    if (!say)
        return;
    begin_line();
    std::fprintf(stderr, "ebpf-store: line %" PRIu64 " is no event: skipped\n", number);
}

void Speaker::committed(const Tally &tally, uint64_t lost) {
    if (verbose_ && tally.lines != acknowledged_)
        std::fprintf(stderr, "ebpf-store: committed %" PRIu64 " lines\n", tally.lines);
    acknowledged_ = tally.lines;
    const std::chrono::duration<double> since = Clock::now() - shown_;
    if (!terminal_ || verbose_ || since.count() < 1)
        return;
    std::fprintf(stderr, "\r\033[Kebpf-store: %" PRIu64 " lines, %.0f/s, %" PRIu64 " lost",
                 tally.lines, static_cast<double>(tally.lines - shown_lines_) / since.count(),
                 lost);
    progress_ = true;
    shown_ = Clock::now();
    shown_lines_ = tally.lines;
}

void Speaker::trouble(const Error &error) {
    begin_line();
    std::fprintf(stderr, "ebpf-store: %s: reading on, trying again every second\n",
                 printable(error.text).c_str());
}

void Speaker::over(const std::string &path, uint64_t lost) {
    std::fprintf(stderr, "ebpf-store: %s takes lines again: %" PRIu64 " line%s lost\n",
                 printable(path).c_str(), lost, plural(lost));
}

void Speaker::summary(const Tally &tally, uint64_t lost) {
    begin_line();
    if (tally.totals)
        std::fprintf(
            stderr, "ebpf-store: %" PRIu64 " line%s of usage since the load: kept, but in no sum\n",
            tally.totals, plural(tally.totals));
    std::fprintf(stderr, "ebpf-store: %" PRIu64 " line%s, %" PRIu64 " bad, %" PRIu64 " lost\n",
                 tally.lines, plural(tally.lines), tally.bad, lost);
}

} // namespace pinpipe::store
