// SPDX-License-Identifier: MIT
// The fields of tcp and udp events. Besides what socket_fields.h lists, getters need of an event:
//   record    message_record
//   payload   std::span<const char>
//   hex       whether to write payload as hexadecimal digits, not as Base64
#pragma once

#include "lib/base/base64.h"
#include "lib/event/socket_fields.h"

#include <span>

namespace pinpipe {

// Writes two digits for each byte; returns the end.
char *put_hex(char *to, std::span<const char> bytes);
// Writes printable ASCII as it is, other bytes as \xHH; a backslash too, so that it can be undone.
char *put_printable(char *to, std::span<const char> bytes);

inline char *put_base64(char *to, std::span<const char> bytes) {
    return put_base64(to, reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size());
}

template <char *PUT(char *, std::span<const char>)>
constexpr auto text_by(std::span<const char> bytes) {
    return TextBy{[bytes](char *to) { return PUT(to, bytes); }};
}

namespace fields {

inline constexpr auto payload = group(
    "where there is no payload", [](const auto &e) { return !e.payload.empty(); },
    rows(
        row<"payload_len">(
            {.kind = kind::number_that(R"("type": "integer", "minimum": 1, "maximum": 2000)"),
             .meaning = "bytes of the payload in this event"},
            [](const auto &e) { return static_cast<unsigned>(e.payload.size()); }),
        row<"payload_truncated">({.kind = kind::flag, .meaning = "payload_len is less than bytes"},
                                 [](const auto &e) { return e.payload.size() < e.record.bytes; }),
        group(
            "with --hex", [](const auto &e) { return !e.hex; },
            rows(row<"payload">(
                {.kind = kind::text_that(
                     R"("type": "string", "minLength": 4, "maxLength": 2668, )"
                     R"("pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")"),
                 .meaning = "these bytes in Base64"},
                [](const auto &e) { return text_by<put_base64>(e.payload); }))),
        group(
            "without --hex", [](const auto &e) { return e.hex; },
            rows(row<"payload_hex">(
                {.kind = kind::text_that(R"("type": "string", "minLength": 2, "maxLength": 4000, )"
                                         R"("pattern": "^([0-9a-f]{2})+$")"),
                 .meaning = "these bytes as hexadecimal digits"},
                [](const auto &e) { return text_by<put_hex>(e.payload); }))),
        row<"payload_printable">(
            {.kind = kind::text_that(R"("type": "string", "minLength": 1, "maxLength": 8000, )"
                                     R"("pattern": "^([ -\\[\\]-~]|\\\\x[0-9a-f]{2})+$")"),
             .meaning =
                 R"(these bytes: printable ASCII as it is; all else, and the backslash, as \\xHH)"},
            [](const auto &e) { return text_by<put_printable>(e.payload); })));

} // namespace fields

template <Literal TYPE> constexpr auto message_rows(std::string_view protos) {
    using namespace fields;
    return rows(beginning<TYPE>, seq, host, direction("in: received, out: sent"), proto(protos),
                known_local, remote,
                row<"bytes">({.kind = kind::number, .meaning = "bytes that the call moved"},
                             [](const auto &e) { return e.record.bytes; }),
                caller("where no process is known"),
                attribution(R"("enum": ["exact", "listener", "bootstrap", "none"])"), community_id,
                payload);
}

inline constexpr auto tcp_table = table("tcp", "A send or a receive of a TCP or MPTCP socket",
                                        message_rows<R"("tcp")">(R"("enum": ["tcp", "mptcp"])"));
inline constexpr auto udp_table = table("udp", "A send or a receive of a UDP or UDP-Lite socket",
                                        message_rows<R"("udp")">(R"("enum": ["udp", "udplite"])"));

} // namespace pinpipe
