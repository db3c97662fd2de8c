// SPDX-License-Identifier: MIT
// A growing buffer of NDJSON, on RapidJSON's StringBuffer: it is cleared, never freed.
//
// An event is written in one piece: room() returns a pointer to enough bytes for a whole line, the
// event's function writes constant text and numbers there, and commit() marks the end. Text from
// outside goes through json_string(), once for each value and not once for each line that repeats
// it.
#pragma once

#include <rapidjson/internal/itoa.h>
#include <rapidjson/stringbuffer.h>
#include <string>
#include <string_view>

namespace pinpipe {

class JsonLines {
public:
    // Returns a pointer to bytes that may be written; the buffer grows as needed. Every room()
    // needs a commit() before the next one.
    char *room(size_t bytes) {
        room_ = bytes;
        return start_ = buffer_.Push(bytes);
    }
    // Keeps the bytes before end and gives back the rest of the room.
    void commit(const char *end) { buffer_.Pop(room_ - static_cast<size_t>(end - start_)); }

    void append(std::string_view text) {
        char *to = room(text.size());
        text.copy(to, text.size());
        commit(to + text.size());
    }

    size_t size() const { return buffer_.GetSize(); }
    const char *data() const { return buffer_.GetString(); }
    void clear() { buffer_.Clear(); }

private:
    rapidjson::StringBuffer buffer_;
    char *start_ = nullptr;
    size_t room_ = 0;
};

// Appends constant text of known length.
template <size_t N> inline char *put(char *to, const char (&text)[N]) {
    __builtin_memcpy(to, text, N - 1);
    return to + N - 1;
}

inline char *put(char *to, std::string_view text) {
    text.copy(to, text.size());
    return to + text.size();
}

inline char *put_number(char *to, unsigned number) {
    return rapidjson::internal::u32toa(number, to);
}

inline char *put_number64(char *to, unsigned long long number) {
    return rapidjson::internal::u64toa(number, to);
}

// Text from outside as a JSON string with its quotes: always valid UTF-8. Bytes that are no UTF-8
// become U+FFFD; control characters, DEL, C1 and direction marks (which act on terminals) are
// escaped.
std::string json_string(std::string_view bytes);

// Appends a line of valid JSON with the same meaning, and a newline, without anything that a
// terminal could act on, except direction marks.
void append_json_line(std::string &out, std::string_view json);

} // namespace pinpipe
