// SPDX-License-Identifier: MIT
// The fields of conn events. Besides what socket_fields.h lists, getters need of an event:
//   record    conn_record
#pragma once

#include "lib/event/socket_fields.h"

namespace pinpipe {

Word conn_action(uint8_t action);                // enum conn_action
std::optional<Word> conn_reason(uint8_t reason); // enum conn_reason
// "ECONNREFUSED"; nothing if the error has no name.
std::optional<std::string_view> error_name(uint32_t error);

namespace fields {

inline constexpr auto outcome = rows(
    row<"action">({.kind = kind::text_that(R"("enum": ["connect", "accept", "close"])")},
                  [](const auto &e) { return conn_action(e.record.action); }),
    row<"reason">(
        {.kind = kind::text_that(
             R"("enum": ["closed", "reset", "aborted", "timeout", "error", "refused", "unanswered"])"),
         .meaning = "why the connection ended; of connect: why it failed",
         .absent = "for accept, and of a connect that did not fail"},
        [](const auto &e) { return conn_reason(e.record.reason); }),
    group(
        "unless reason is closed", [](const auto &e) { return e.record.reason == CONN_CLOSED; },
        rows(row<"closed_by">({.kind = kind::text_that(R"("enum": ["local", "remote"])"),
                               .meaning = "the side that closed first"},
                              [](const auto &e) {
                                  return e.record.state & CONN_PEER_FIRST ? Word("remote")
                                                                          : Word("local");
                              }))),
    group(
        "where there was no error", [](const auto &e) { return e.record.error != 0; },
        rows(
            row<"errno">({.kind = kind::positive, .meaning = "number of the error"},
                         [](const auto &e) { return e.record.error; }),
            row<"error">({.kind = kind::text_that(R"("type": "string", "pattern": "^E[A-Z0-9]+$")"),
                          .meaning = "name of the error",
                          .absent = "where the error has none"},
                         [](const auto &e) { return error_name(e.record.error); }))));

inline constexpr auto connection = rows(
    group(
        "for accept, and where its beginning was not seen",
        [](const auto &e) { return e.record.state & CONN_TIMED; },
        rows(row<"duration_ms">(
                 {.kind = kind::milliseconds,
                  .meaning = "since the connection was established, or for connect since the call"},
                 [](const auto &e) { return e.record.duration / 1'000'000; }),
             row<"duration_us">({.kind = kind::microseconds, .meaning = "the same"},
                                [](const auto &e) { return e.record.duration / 1000; }))),
    group(
        "unless action is close", [](const auto &e) { return e.record.action == CONN_CLOSE; },
        rows(row<"bytes_sent">({.kind = kind::count, .meaning = "bytes of payload, each once"},
                               [](const auto &e) { return e.record.bytes_sent; }),
             row<"bytes_received">({.kind = kind::count, .meaning = "bytes of payload, each once"},
                                   [](const auto &e) { return e.record.bytes_received; }))),
    group(
        "for accept", [](const auto &e) { return e.record.action != CONN_ACCEPT; },
        rows(row<"retransmits">({.kind = kind::number, .meaning = "segments that were sent again"},
                                [](const auto &e) { return e.record.retransmits; }))),
    row<"srtt_us">({.kind = kind::positive.in("microseconds"),
                    .meaning = "smoothed round trip time",
                    .absent = "where none was measured"},
                   [](const auto &e) { return nonzero(e.record.srtt); }));

} // namespace fields

inline constexpr auto conn_table = [] {
    using namespace fields;
    return table("conn", "The beginning or the end of a TCP connection",
                 rows(beginning<R"("conn")">, seq, host, outcome,
                      direction("in: accepted, out: connected"), proto(R"("const": "tcp")"),
                      known_local, remote, connection, process("where no process is known"),
                      attribution(R"("enum": ["exact", "listener", "bootstrap", "none"])"),
                      community_id));
}();

} // namespace pinpipe
