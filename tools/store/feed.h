// SPDX-License-Identifier: MIT
// Standard input, read by a thread of its own into a bounded queue, so that whoever writes to us
// never waits for our disk longer than a moment.
#pragma once

#include "lib/base/line_splitter.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace pinpipe::store {

// Whole lines, each with its newline.
struct Block {
    std::string text;
    uint64_t first_line = 1; // number of its first line in the input
    uint64_t lines = 0;
};

class Feed {
public:
    static constexpr size_t longest_line = 1 << 20; // what is longer is cut, and so no JSON
    static constexpr size_t room = 12 << 20;        // bytes that wait
    static constexpr uint64_t block_lines = 1000;
    static constexpr std::chrono::milliseconds patience{1000};

    // A regular file waits for us; of all else, what finds no room for `patience` is given up.
    explicit Feed(int fd);
    ~Feed();
    Feed(const Feed &) = delete;
    Feed &operator=(const Feed &) = delete;

    // The next block, or nothing after `wait` or at the end.
    std::optional<Block> take(std::chrono::milliseconds wait);
    // Nothing is being read any more: end of input, a stop signal, or an error.
    bool closed();
    // Closed, and everything was taken.
    bool ended();
    // Waits, but no longer than until it is closed.
    void pause(std::chrono::milliseconds wait);
    // errno of a failed read, or 0.
    int error();

    // Lines given up since the last call, by their event_type.
    std::map<std::string, uint64_t> given_up();
    uint64_t waiting_lines();

private:
    void read_all();
    void split(std::string_view bytes, bool end);
    void push(Block block);
    void give_up(const Block &block);
    bool has_room(size_t bytes) const { return queued_ == 0 || queued_ + bytes <= room; }

    const int fd_;
    const bool waits_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Block> queue_;
    size_t queued_ = 0; // bytes
    bool closed_ = false, leaving_ = false, giving_up_ = false;
    int error_ = 0;
    std::map<std::string, uint64_t> lost_;
    LineSplitter lines_{longest_line};
    uint64_t next_line_ = 1;
    std::thread thread_;
};

// What a line says it is, without parsing it: for lines that are given up. "unknown" where it says
// nothing that could be a name.
std::string claimed_type(std::string_view line);

} // namespace pinpipe::store
