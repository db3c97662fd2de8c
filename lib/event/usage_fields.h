// SPDX-License-Identifier: MIT
// The fields of usage events. Besides what socket_fields.h lists, getters need of an event:
//   key        usage_key
//   sums       usage_sums
//   by_port    whether there is a line for each remote port
//   interval   time that the sums cover: milliseconds
//   total      whether the sums are since the load
#pragma once

#include "lib/event/socket_fields.h"

namespace pinpipe {
namespace fields {

inline constexpr auto sums = rows(
    row<"bytes_sent">({.kind = kind::bytes, .meaning = "payload that was sent"},
                      [](const auto &e) { return e.sums.bytes_sent; }),
    row<"bytes_received">({.kind = kind::bytes, .meaning = "payload that was received"},
                          [](const auto &e) { return e.sums.bytes_received; }),
    row<"calls_sent">({.kind = kind::count, .meaning = "calls, or datagrams, that sent payload"},
                      [](const auto &e) { return e.sums.calls_sent; }),
    row<"calls_received">(
        {.kind = kind::count, .meaning = "calls, or datagrams, that received payload"},
        [](const auto &e) { return e.sums.calls_received; }));

inline constexpr auto span =
    rows(row<"interval_ms">({.kind = kind::milliseconds, .meaning = "time that the numbers cover"},
                            [](const auto &e) { return e.interval; }),
         row<"total">({.kind = kind::always_true,
                       .meaning = "numbers since the load",
                       .absent = "without --since-load"},
                      [](const auto &e) { return only_if(e.total); }));

} // namespace fields

inline constexpr auto usage_table = [] {
    using namespace fields;
    return table(
        "usage", "What one process sent to and received from one remote address by one protocol",
        rows(beginning<R"("usage")">, seq, host,
             row<"pid">({.kind = kind::number, .meaning = "number of the process"},
                        [](const auto &e) { return e.key.pid; }),
             ppid, uid, comm, exe, cgroup_id, start_time,
             row<"attribution">({.kind = kind::text_that(R"("enum": ["exact", "bootstrap"])"),
                                 .meaning = "how the process is known"},
                                [](const auto &e) {
                                    static_cast<void>(e);
                                    return Word("exact");
                                }),
             row<"proto">({.kind = kind::text_that(
                               R"("type": "string", "pattern": "^([a-z][a-z0-9]*|[0-9]+)$")"),
                           .meaning = "a name, or the protocol's number"},
                          [](const auto &e) { return protocol_word(e.key.proto); }),
             row<"remote_ip">({.kind = kind::text,
                               .meaning = "address of the other end",
                               .absent = "where there is none, or none could be known"},
                              [](const auto &e) {
                                  return e.key.known ? std::optional(AddressText{e.key.remote})
                                                     : std::nullopt;
                              }),
             row<"remote_port">(
                 {.kind = kind::number_that(R"("type": "integer", "minimum": 1, "maximum": 32767)"),
                  .meaning = "port of the other end",
                  .absent = "without --by port, and where it is 32768 or higher"},
                 [](const auto &e) {
                     return nonzero(e.by_port ? e.key.port : decltype(e.key.port){0});
                 }),
             sums, span, constant<"byte_layer", R"("socket")">(JsonType::text)));
}();

} // namespace pinpipe
