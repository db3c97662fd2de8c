// SPDX-License-Identifier: MIT
// The types that getters of tables return, and how each is written as JSON.
#pragma once

#include "lib/base/address.h"
#include "lib/event/json_line.h"

#include <concepts>
#include <cstring>
#include <optional>

namespace pinpipe {

// A constant word. All 16 bytes are copied, then cut: no call, no loop.
struct Word {
    char text[16] = {};
    uint8_t length = 0;

    constexpr Word() = default;
    template <size_t N> constexpr Word(const char (&from)[N]) : length(N - 1) {
        static_assert(N <= sizeof text);
        for (size_t i = 0; i < N; i++)
            text[i] = from[i];
    }
};

// Microseconds as digits; the milliseconds are the same without the last three.
class EventTime {
public:
    explicit EventTime(uint64_t microseconds)
        : length_(static_cast<size_t>(put_number64(digits_, microseconds) - digits_)) {}
    char *put(char *to, size_t cut_off) const {
        if (length_ <= cut_off)
            return pinpipe::put(to, "0");
        __builtin_memcpy(to, digits_, longest);
        return to + length_ - cut_off;
    }

private:
    static constexpr size_t longest = 20;
    char digits_[24];
    size_t length_;
};
struct Microseconds {
    const EventTime &time;
};
struct Milliseconds {
    const EventTime &time;
};

// JSON that has been written before. ROOM bytes from text on must be readable.
template <size_t ROOM> struct Run {
    const char *text;
    size_t length;
};

struct Digit {
    unsigned value;
};
struct True {};

// A number of up to 64 bits, written as text in quotes.
struct Decimal {
    uint64_t value;
};

// Text from outside that json_string() has made, with its quotes.
struct Quoted {
    std::string_view json;
};

// The name of a process or thread: NUL-terminated, any bytes. Quotes are added.
struct TaskName {
    const char (&name)[16];
};

struct AddressText {
    const union address &address;
};

// Text that the function write(to) writes; it returns the end.
template <class WRITE> struct TextBy { WRITE write; };
template <class WRITE> TextBy(WRITE) -> TextBy<WRITE>;

// An address that is written as IPv4 or IPv6 by its packet's version, whatever its bytes are.
struct AddressOf {
    const union address &address;
    unsigned version; // 4 or 6
};

inline std::optional<True> only_if(bool condition) {
    return condition ? std::optional(True{}) : std::nullopt;
}
template <class T> std::optional<T> nonzero(T value) {
    return value ? std::optional(value) : std::nullopt;
}

template <size_t ROOM> inline char *put_run(char *to, const char *text, size_t length) {
    std::memcpy(to, text, ROOM);
    return to + length;
}

template <std::unsigned_integral T> char *put_value(char *to, T number) {
    if constexpr (sizeof number <= sizeof(unsigned))
        return put_number(to, number);
    else
        return put_number64(to, number);
}
inline char *put_value(char *to, Digit digit) {
    *to = static_cast<char>('0' + digit.value);
    return to + 1;
}
inline char *put_value(char *to, Microseconds us) {
    return us.time.put(to, 0);
}
inline char *put_value(char *to, Milliseconds ms) {
    return ms.time.put(to, 3);
}
inline char *put_value(char *to, bool value) {
    return value ? put(to, "true") : put(to, "false");
}
inline char *put_value(char *to, True) {
    return put(to, "true");
}
inline char *put_value(char *to, const Word &word) {
    return put_run<sizeof word.text>(to, word.text, word.length);
}
inline char *put_value(char *to, std::string_view plain) {
    return put(to, plain);
}
inline char *put_value(char *to, Decimal number) {
    return put_number64(to, number.value);
}
inline char *put_value(char *to, Quoted text) {
    return put(to, text.json);
}
inline char *put_value(char *to, const AddressText &a) {
    return write_address(to, a.address);
}
inline char *put_value(char *to, const AddressOf &a) {
    return a.version == 4 ? write_ipv4(to, a.address.bytes + 12) : write_ipv6(to, a.address.bytes);
}
template <class WRITE> char *put_value(char *to, const TextBy<WRITE> &text) {
    return text.write(to);
}
char *put_value(char *to, const TaskName &name);

// Writes runs, which contain whole fields.
inline char *put_prepared(char *to, std::string_view run) {
    return put(to, run);
}
template <size_t ROOM> char *put_prepared(char *to, const Run<ROOM> &run) {
    return put_run<ROOM>(to, run.text, run.length);
}

// Whether a value is written without quotes around it: numbers, flags, and text that has quotes.
template <class T>
inline constexpr bool is_bare =
    std::is_arithmetic_v<T> || std::is_same_v<T, Digit> || std::is_same_v<T, Microseconds> ||
    std::is_same_v<T, Milliseconds> || std::is_same_v<T, True> || std::is_same_v<T, Quoted> ||
    std::is_same_v<T, TaskName>;

} // namespace pinpipe
