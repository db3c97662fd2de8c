// SPDX-License-Identifier: MIT
#include "tools/web/model/event_log.h"

#include <algorithm>
#include <cstring>

namespace pinpipe::web {
namespace {

constexpr size_t longest_number = 20;
constexpr std::string_view before_id = "id: ", before_line = "\ndata: ", after_line = "\n\n";

char *put(char *to, std::string_view text) {
    return to + text.copy(to, text.size());
}

} // namespace

size_t EventLog::event_size(std::string_view json) const {
    return before_id.size() + epoch_.size() + 1 + longest_number + before_line.size() +
           json.size() + after_line.size();
}

bool EventLog::needs_block(std::string_view json) const {
    return blocks_.empty() || blocks_.back().used() + event_size(json) > block_size;
}

void EventLog::add(std::string_view json) {
    if (needs_block(json)) {
        blocks_.emplace_back().first = next_;
        blocks_.back().bytes = std::make_unique<char[]>(block_size);
    }
    Block &block = blocks_.back();
    char *to = block.bytes.get() + block.used();
    to = put(to, before_id);
    to = put(to, epoch_);
    *to++ = '-';
    to = put(to, std::to_string(next_));
    to = put(to, before_line);
    to = put(to, json);
    to = put(to, after_line);
    block.ends.push_back(static_cast<uint32_t>(to - block.bytes.get()));
    next_++;
}

void EventLog::drop_block() {
    blocks_.pop_front();
}

const EventLog::Block &EventLog::block_of(uint64_t line) const {
    const auto behind =
        std::upper_bound(blocks_.begin(), blocks_.end(), line,
                         [](uint64_t number, const Block &block) { return number < block.first; });
    return *std::prev(behind);
}

size_t EventLog::copy(Position &at, char *to, size_t room) const {
    size_t copied = 0;
    while (at.line < next_ && copied < room) {
        const Block &block = block_of(at.line);
        const size_t index = at.line - block.first;
        const size_t from = block.begin(index) + at.inside;
        const size_t limit = from + (room - copied);
        // Counts the events from this one on that end within the limit.
        const auto behind = std::upper_bound(block.ends.begin() + static_cast<ptrdiff_t>(index),
                                             block.ends.end(), limit);
        const auto whole = static_cast<size_t>(behind - block.ends.begin()) - index;
        if (whole == 0 && copied)
            break;
        const size_t end = whole ? block.ends[index + whole - 1] : limit;
        std::memcpy(to + copied, block.bytes.get() + from, end - from);
        copied += end - from;
        at = whole ? Position{at.line + whole, 0} : Position{at.line, at.inside + (end - from)};
    }
    return copied;
}

std::string_view EventLog::line(uint64_t number) const {
    const Block &block = block_of(number);
    const size_t index = number - block.first;
    std::string_view event(block.bytes.get() + block.begin(index),
                           block.ends[index] - block.begin(index));
    event.remove_prefix(event.find(before_line) + before_line.size());
    event.remove_suffix(after_line.size());
    return event;
}

} // namespace pinpipe::web
