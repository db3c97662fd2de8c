// SPDX-License-Identifier: MIT
// Lines of the streams tcp, udp, conn, bind and deny. Fields: pinpipe-events(5).
#pragma once

#include "tools/reader/lines/event_json.h"

#include <span>

namespace pinpipe {

struct SocketContext {
    LineContext line;
    int64_t boot = 0;              // nanoseconds to add to CLOCK_BOOTTIME to get CLOCK_REALTIME
    std::string_view exe_run = {}; // `,"exe":"/usr/bin/curl"`, or empty
    bool hex = false;              // payload as hexadecimal digits, not as Base64
};

// A message line is at most line_max + payload_line_factor * PAYLOAD_MAX long: a byte of payload
// takes 4/3 characters of Base64, or 2 digits, and up to 5 as `\\xHH`.
inline constexpr size_t payload_line_factor = 8;

// Appends one line with its newline. payload: the bytes that came with the record.
void write_message(JsonLines &out, const message_record &record, std::span<const char> payload,
                   const SocketContext &context);
void write_conn(JsonLines &out, const conn_record &record, const SocketContext &context);
void write_bind(JsonLines &out, const bind_record &record, const SocketContext &context);
// rule: whom the rules are about that decided, as its administrator wrote it; empty: not known.
void write_deny(JsonLines &out, const deny_record &record, std::string_view rule,
                const SocketContext &context);

} // namespace pinpipe
