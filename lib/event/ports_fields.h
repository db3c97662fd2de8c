// SPDX-License-Identifier: MIT
// The fields of ports events, which are about a port, or about packets of an interface without a
// known port. Besides what common_fields.h and fields::span of usage_fields.h list, getters need of
// an event:
//   port      index, received, sent, owners of the port; else a null pointer
//   apart     fragments, malformed, sent_fragments of the interface; else a null pointer
//   item()    the event of an owner, for the getters of owner_rows, which need:
//   owner     PortOwner of tools/reader/lines/owner_book.h
//   counted   whether the owner's bytes are reported
#pragma once

#include "bpf/abi/rules.h"
#include "lib/event/usage_fields.h"

namespace pinpipe {

inline constexpr auto owner_rows =
    rows(row<"pid">({.kind = kind::positive, .meaning = "number of the process"},
                    [](const auto &e) { return e.owner.pid; }),
         row<"comm">({.kind = kind::process_name, .meaning = "name of the process"},
                     [](const auto &e) { return Quoted{e.comm}; }),
         row<"uid">({.kind = kind::number, .meaning = "user ID of the process"},
                    [](const auto &e) { return e.owner.uid; }),
         fields::start_time,
         row<"attribution">(
             {.kind = kind::text_that(R"("enum": ["exact", "bootstrap"])"),
              .meaning = "how the process is known"},
             [](const auto &e) { return e.owner.exact ? Word("exact") : Word("bootstrap"); }),
         group(
             "where the process moved nothing, and no other has the port",
             [](const auto &e) { return e.counted; },
             rows(row<"bytes_received">({.kind = kind::bytes,
                                         .meaning = "received by this process over all interfaces"},
                                        [](const auto &e) { return e.owner.bytes_received; }),
                  row<"bytes_sent">(
                      {.kind = kind::bytes, .meaning = "sent by this process over all interfaces"},
                      [](const auto &e) { return e.owner.bytes_sent; }),
                  constant<"byte_layer", R"("socket")">(JsonType::text))),
         row<"exited">({.kind = kind::always_true,
                        .meaning = "the process no longer has the port",
                        .absent = "for a process that has it"},
                       [](const auto &e) { return only_if(e.owner.bound && !e.owner.holds); }));

namespace fields {

constexpr auto is_port = [](const auto &e) { return e.port != nullptr; };

inline constexpr auto port_packets = rows(
    row<"packets_received">({.kind = kind::count, .meaning = "packets, before the firewall"},
                            [](const auto &e) { return e.port->received.packets; }),
    row<"bytes_received">({.kind = kind::count, .meaning = "bytes of frames, with the link header"},
                          [](const auto &e) { return e.port->received.bytes; }),
    group(
        "where it is not measured", [](const auto &e) { return e.port->sent.has_value(); },
        rows(row<"packets_sent">({.kind = kind::count, .meaning = "packets"},
                                 [](const auto &e) { return e.port->sent->packets; }),
             row<"bytes_sent">(
                 {.kind = kind::count, .meaning = "bytes of frames, with the link header"},
                 [](const auto &e) { return e.port->sent->bytes; }))),
    list<"owners">(
        {.kind = {JsonType::list, R"("type": "array", "items": { "$ref": "#/$defs/owner" })"},
         .meaning = "processes that have the port, in the network namespace of the interface",
         .absent = "without the socket probes"},
        [](const auto &e) { return e.port->owners; }, owner_rows));

inline constexpr auto apart_packets =
    rows(row<"fragments_received">(
             {.kind = kind::count, .meaning = "fragments of TCP and UDP behind the first"},
             [](const auto &e) { return e.apart->fragments; }),
         row<"malformed_received">(
             {.kind = kind::count, .meaning = "malformed or truncated packets, of any protocol"},
             [](const auto &e) { return e.apart->malformed; }),
         row<"fragments_sent">({.kind = kind::count,
                                .meaning = "such fragments that were sent",
                                .absent = "where it is not measured"},
                               [](const auto &e) { return e.apart->sent_fragments; }));

} // namespace fields

inline constexpr auto ports_table = [] {
    using namespace fields;
    constexpr auto apart = "in the line of an interface";
    return table(
        "ports",
        "Packets of one watched port on one interface and the processes that have it, or packets "
        "of the interface whose port is not known",
        rows(beginning<R"("ports")">, seq, host,
             group(apart, is_port,
                   rows(row<"local_port">({.kind = kind::port, .meaning = "the port"},
                                          [](const auto &e) { return e.port->index & 0xffff; }),
                        row<"proto">({.kind = kind::text_that(R"("enum": ["tcp", "udp"])")},
                                     [](const auto &e) {
                                         return e.port->index >> 16 == RULE_UDP ? Word("udp")
                                                                                : Word("tcp");
                                     }))),
             prepared([](const auto &e) { return std::string_view(e.line.hook_run); }, interface),
             group(apart, is_port, port_packets),
             group(
                 "in the line of a port", [](const auto &e) { return e.apart != nullptr; },
                 apart_packets),
             span, constant<"byte_layer", R"("packet")">(JsonType::text)));
}();

} // namespace pinpipe
