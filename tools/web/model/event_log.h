// SPDX-License-Identifier: MIT
// The last lines of a room, one copy for all who watch, in the bytes that they are sent: each a
// Server-Sent Event "id: EPOCH-N\ndata: LINE\n\n". A viewer is a position in it, so a slow one
// costs nothing; what it did not fetch in time is gone for it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::web {

// Where a viewer stands: so many bytes of that line's event has it got already.
struct Position {
    uint64_t line = 0;
    size_t inside = 0;
};

class EventLog {
public:
    static constexpr size_t block_size = 64 << 10;
    static constexpr size_t longest_line = block_size - 64; // so that an event fits into a block

    explicit EventLog(std::string epoch) : epoch_(std::move(epoch)) {}

    // json: one line without its newline, at most longest_line, valid and without control bytes.
    void add(std::string_view json);
    bool needs_block(std::string_view json) const;
    void drop_block();
    size_t blocks() const { return blocks_.size(); }

    // Lines [first, next) are there.
    uint64_t first() const { return blocks_.empty() ? next_ : blocks_.front().first; }
    uint64_t next() const { return next_; }
    const std::string &epoch() const { return epoch_; }

    // Copies events from `at` on, which is within [first, next], and moves it: as many whole ones
    // as fit, or a part of one that does not fit at all. How many bytes.
    size_t copy(Position &at, char *to, size_t room) const;
    // The line without what surrounds it.
    std::string_view line(uint64_t number) const;

private:
    struct Block {
        uint64_t first = 0;
        std::unique_ptr<char[]> bytes;
        std::vector<uint32_t> ends; // of each event

        size_t used() const { return ends.empty() ? 0 : ends.back(); }
        size_t begin(size_t index) const { return index ? ends[index - 1] : 0; }
    };
    const Block &block_of(uint64_t line) const;
    size_t event_size(std::string_view json) const;

    const std::string epoch_;
    std::deque<Block> blocks_;
    uint64_t next_ = 1;
};

} // namespace pinpipe::web
