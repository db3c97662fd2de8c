// SPDX-License-Identifier: MIT
// The fields of icmp events. Getters need of an event:
//   record      icmp_record
//   version     of the IP header: 4 or 6
//   type_run    text of fields::icmp_type, as a Run
//   name_run    text of fields::icmp_name, as a Run
//   has_echo    whether the message has an identifier and a sequence number
#pragma once

#include "lib/event/common_fields.h"

namespace pinpipe::fields {

// Fields that are the same for all messages of a type; getters need version, type and name.
inline constexpr auto icmp_type =
    rows(row<"proto">({.kind = kind::text_that(R"("enum": ["icmp", "icmpv6"])")},
                      [](const auto &t) { return t.version == 4 ? Word("icmp") : Word("icmpv6"); }),
         row<"icmp_type">({.kind = kind::byte, .meaning = "type, of the ICMP header"},
                          [](const auto &t) { return t.type; }));
inline constexpr auto icmp_name = rows(row<"icmp_name">(
    {.kind = kind::text_that(R"("type": "string", "pattern": "^[a-z][a-z0-9-]*$")"),
     .meaning = "name of the type",
     .absent = "where the type has none"},
    [](const auto &t) { return t.name.empty() ? std::nullopt : std::optional(t.name); }));

// Fields that are the same for all messages of an interface; getters need name, as JSON, and
// record, a hook_record.
inline constexpr auto icmp_hook =
    rows(row<"ifname">({.kind = kind::interface,
                        .meaning = "interface, by the name it had when it was loaded",
                        .absent = "where it is not known"},
                       [](const auto &hook) { return Quoted{hook.name}; }),
         row<"netns">({.kind = kind::number,
                       .meaning = "inode number of the network namespace of the interface",
                       .absent = "where it is not known"},
                      [](const auto &hook) { return nonzero(hook.record.netns); }));

inline constexpr auto icmp_echo = group(
    "for types without them", [](const auto &e) { return e.has_echo; },
    rows(row<"icmp_id">({.kind = kind::word, .meaning = "identifier of echo and similar messages"},
                        [](const auto &e) { return e.big_endian(0); }),
         row<"icmp_seq">({.kind = kind::word, .meaning = "sequence number of these"},
                         [](const auto &e) { return e.big_endian(2); })));

constexpr unsigned vlan_identifier = 0xfff; // of a tag's control word; the rest is priority
inline constexpr Kind vlan_kind = {JsonType::number, R"("$ref": "#/$defs/tag")"};

inline constexpr auto icmp_vlan = group(
    "where the frame has no tag", [](const auto &e) { return e.record.flags & PACKET_VLANS; },
    rows(row<"vlan">({.kind = vlan_kind, .meaning = "identifier of the outer VLAN tag"},
                     [](const auto &e) { return e.record.vlan[0] & vlan_identifier; }),
         row<"vlan_inner">({.kind = vlan_kind,
                            .meaning = "identifier of the second tag",
                            .absent = "where there is none"},
                           [](const auto &e) {
                               return (e.record.flags & PACKET_VLANS) > 1
                                          ? std::optional(e.record.vlan[1] & vlan_identifier)
                                          : std::nullopt;
                           })));

} // namespace pinpipe::fields

namespace pinpipe {

inline constexpr auto icmp_table = table(
    "icmp", "An ICMP or ICMPv6 message as it arrived at an interface",
    rows(fields::beginning<R"("icmp")">, fields::seq, fields::host,
         row<"src_ip">({.kind = kind::text, .meaning = "source of the IP packet"},
                       [](const auto &e) {
                           return AddressOf{e.record.src, e.version};
                       }),
         row<"dst_ip">({.kind = kind::text, .meaning = "destination of the IP packet"},
                       [](const auto &e) {
                           return AddressOf{e.record.dst, e.version};
                       }),
         prepared([](const auto &e) { return e.type_run; }, fields::icmp_type),
         row<"icmp_code">({.kind = kind::byte, .meaning = "code, of the ICMP header"},
                          [](const auto &e) { return unsigned{e.record.code}; }),
         prepared([](const auto &e) { return e.name_run; }, fields::icmp_name), fields::icmp_echo,
         row<"ttl">({.kind = kind::byte, .meaning = "time to live, or hop limit"},
                    [](const auto &e) { return unsigned{e.record.ttl}; }),
         row<"length">({.kind = kind::number_that(
                            R"("type": "integer", "minimum": 28, "maximum": 4294967295)"),
                        .meaning = "bytes of the IP packet, its header included"},
                       [](const auto &e) { return e.record.length; }),
         row<"ip_version">({.kind = kind::number_that(R"("enum": [4, 6])")},
                           [](const auto &e) { return Digit{e.version}; }),
         row<"fragment">(
             {.kind = kind::always_true,
              .meaning = "more fragments follow; length is that of this fragment",
              .absent = "for whole messages"},
             [](const auto &e) { return only_if(e.record.flags & PACKET_FIRST_FRAGMENT); }),
         fields::icmp_vlan,
         prepared([](const auto &e) { return std::string_view(e.line.hook_run); },
                  fields::icmp_hook),
         fields::community_id));

} // namespace pinpipe
