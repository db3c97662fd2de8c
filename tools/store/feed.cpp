// SPDX-License-Identifier: MIT
#include "tools/store/feed.h"

#include "lib/base/signals.h"
#include "tools/store/members.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace pinpipe::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t read_size = 256 << 10;
constexpr size_t kinds = 100; // event types that are counted apart; lines of others are "unknown"

bool is_file(int fd) {
    struct stat st {};
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

// Waits for input. After a stop signal, the program that writes to us may be stopping too: what it
// still writes within a second is taken. False: there is no more.
bool wait_for_input(int fd, std::optional<Clock::time_point> &stop) {
    for (;;) {
        pollfd in{fd, POLLIN, 0};
        if (!stop && poll_until_stop(&in, 1, 1000) > 0)
            return true;
        if (!stop && stop_requested())
            stop = Clock::now() + std::chrono::seconds(1);
        if (stop)
            return Clock::now() < *stop && poll(&in, 1, 200) > 0;
    }
}

} // namespace

std::string claimed_type(std::string_view line) {
    constexpr auto before = quoted_literal<"event_type"> + Literal(":");
    constexpr size_t longest = 20;
    size_t at = line.find(before.view());
    if (at == line.npos)
        return "unknown";
    at = line.find_first_not_of(" \t", at + before.size());
    if (at == line.npos || line[at] != '"')
        return "unknown";
    const size_t end = line.find('"', at + 1);
    if (end == line.npos || end == at + 1 || end - at - 1 > longest)
        return "unknown";
    const std::string_view type = line.substr(at + 1, end - at - 1);
    return type.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == type.npos ? std::string(type)
                                                                              : "unknown";
}

Feed::Feed(int fd) : fd_(fd), waits_(is_file(fd)), thread_([this] { read_all(); }) {}

Feed::~Feed() {
    {
        const std::lock_guard hold(mutex_);
        leaving_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Feed::read_all() {
    std::string buffer(read_size, 0);
    std::optional<Clock::time_point> stop;
    int failed = 0;
    while (wait_for_input(fd_, stop)) {
        const ssize_t count = read(fd_, buffer.data(), buffer.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (count < 0)
            failed = errno;
        if (count <= 0)
            break;
        split({buffer.data(), static_cast<size_t>(count)}, false);
        const std::lock_guard hold(mutex_);
        if (leaving_)
            break;
    }
    split({}, true);
    {
        const std::lock_guard hold(mutex_);
        closed_ = true;
        error_ = failed;
    }
    changed_.notify_all();
}

void Feed::split(std::string_view bytes, bool end) {
    Block block;
    block.first_line = next_line_;
    const auto add_line = [&](std::string_view line, bool cut) {
        block.text.append(line);
        if (cut)
            block.text += '{'; // no JSON ends with it: the line is bad
        block.text += '\n';
        next_line_++;
        if (++block.lines == block_lines) {
            push(std::move(block));
            block = {};
            block.first_line = next_line_;
        }
    };
    lines_.feed(bytes, add_line);
    if (end)
        lines_.end(add_line);
    if (block.lines)
        push(std::move(block));
}

void Feed::push(Block block) {
    std::unique_lock hold(mutex_);
    const auto fits = [&] { return leaving_ || has_room(block.text.size()); };
    if (waits_)
        changed_.wait(hold, fits);
    else if (!giving_up_)
        giving_up_ = !changed_.wait_for(hold, patience, fits);
    if (leaving_ || !fits()) {
        give_up(block);
        return;
    }
    giving_up_ = false;
    queued_ += block.text.size();
    constexpr size_t small = 64 << 10;
    if (!queue_.empty() && queue_.back().text.size() + block.text.size() < small &&
        queue_.back().lines + block.lines <= block_lines &&
        queue_.back().first_line + queue_.back().lines == block.first_line) {
        queue_.back().text += block.text;
        queue_.back().lines += block.lines;
    } else {
        queue_.push_back(std::move(block));
    }
    hold.unlock();
    changed_.notify_all();
}

void Feed::give_up(const Block &block) {
    each_line(block.text, [&](std::string_view line) {
        if (line.find_first_not_of(" \t\r") == line.npos)
            return;
        const std::string type = claimed_type(line);
        lost_[lost_.size() < kinds || lost_.contains(type) ? type : "unknown"]++;
    });
}

std::optional<Block> Feed::take(std::chrono::milliseconds wait) {
    std::unique_lock hold(mutex_);
    changed_.wait_for(hold, wait, [&] { return closed_ || !queue_.empty(); });
    if (queue_.empty())
        return {};
    Block block = std::move(queue_.front());
    queue_.pop_front();
    queued_ -= block.text.size();
    hold.unlock();
    changed_.notify_all();
    return block;
}

bool Feed::closed() {
    const std::lock_guard hold(mutex_);
    return closed_;
}

bool Feed::ended() {
    const std::lock_guard hold(mutex_);
    return closed_ && queue_.empty();
}

void Feed::pause(std::chrono::milliseconds wait) {
    std::unique_lock hold(mutex_);
    if (!closed_)
        changed_.wait_for(hold, wait, [&] { return closed_; });
    else {
        hold.unlock();
        std::this_thread::sleep_for(std::min(wait, std::chrono::milliseconds(200)));
    }
}

int Feed::error() {
    const std::lock_guard hold(mutex_);
    return error_;
}

std::map<std::string, uint64_t> Feed::given_up() {
    const std::lock_guard hold(mutex_);
    return std::exchange(lost_, {});
}

uint64_t Feed::waiting_lines() {
    const std::lock_guard hold(mutex_);
    uint64_t lines = 0;
    for (const Block &block : queue_)
        lines += block.lines;
    return lines;
}

} // namespace pinpipe::store
