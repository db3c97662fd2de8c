// SPDX-License-Identifier: MIT
// Standard input, read by a thread into a bounded queue, so that the program that writes to
// ebpf-store never waits long for the disk.
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
    static constexpr size_t longest_line = 1 << 20; // bytes; longer lines are cut: no JSON
    static constexpr size_t room = 12 << 20;        // bytes in the queue
    static constexpr uint64_t block_lines = 1000;
    static constexpr std::chrono::milliseconds patience{1000};

    // Reading a regular file waits until the queue has room. Lines of anything else are given up
    // when the queue has had no room for `patience`.
    explicit Feed(int fd);
    ~Feed();
    Feed(const Feed &) = delete;
    Feed &operator=(const Feed &) = delete;

    // The next block; nothing when `wait` has passed, or at the end.
    std::optional<Block> take(std::chrono::milliseconds wait);
    // Reading has ended: end of input, a stop signal, or an error.
    bool closed();
    // Reading has ended, and all blocks were taken.
    bool ended();
    // Waits for this time, or until reading has ended.
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

// The event_type of a line, found without parsing: for lines that are given up. "unknown" where
// there is none, or none that could be a name.
std::string claimed_type(std::string_view line);

} // namespace pinpipe::store
