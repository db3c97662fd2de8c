// SPDX-License-Identifier: MIT
// The last lines of a room: one copy for all viewers, in the format in which they are sent, a
// Server-Sent Event "id: EPOCH-N\ndata: LINE\n\n" each. A viewer is only a position in the log, so
// a slow viewer costs nothing; it loses the lines that are dropped before it fetches them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::web {

// A viewer's position: the number of a line, and how many bytes of that line's event were sent.
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

    // The log has the lines [first, next).
    uint64_t first() const { return blocks_.empty() ? next_ : blocks_.front().first; }
    uint64_t next() const { return next_; }
    const std::string &epoch() const { return epoch_; }

    // Copies events from `at` on, which must be within [first, next], and advances it. Copies as
    // many whole events as fit into `room` bytes, or a part of one that is larger. Returns the
    // number of bytes.
    size_t copy(Position &at, char *to, size_t room) const;
    // The JSON of a line, without the id and the newlines.
    std::string_view line(uint64_t number) const;

private:
    struct Block {
        uint64_t first = 0;
        std::unique_ptr<char[]> bytes;
        std::vector<uint32_t> ends; // offset of each event's end

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
