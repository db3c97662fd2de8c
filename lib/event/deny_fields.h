// SPDX-License-Identifier: MIT
// The fields of deny events. Besides what socket_fields.h lists, getters need of an event:
//   record    deny_record
//   rule      PROCESS of the rules that decided, from json_string(); empty: not known
#pragma once

#include "lib/event/socket_fields.h"

namespace pinpipe {

Word deny_hook_word(uint8_t hook); // enum deny_hook

inline constexpr auto deny_table = [] {
    using namespace fields;
    return table(
        "deny", "What rules refused a process, or would have refused",
        rows(
            beginning<R"("deny")">, seq, host,
            row<"action">({.kind = kind::text_that(R"("enum": ["deny", "audit"])"),
                           .meaning = "audit: reported, but let through"},
                          [](const auto &e) {
                              return e.record.state & DENY_AUDIT ? Word("audit") : Word("deny");
                          }),
            row<"rule">(
                {.kind = kind::text_that(R"("type": "string", "minLength": 1, "maxLength": 255)"),
                 .meaning = "PROCESS whose rules decided, as given to ebpf-ctl",
                 .absent = "where these rules have been removed since"},
                [](const auto &e) {
                    return e.rule.empty() ? std::nullopt : std::optional(Quoted{e.rule});
                }),
            row<"reason">(
                {.kind = kind::text_that(
                     R"("enum": ["connect", "sendmsg", "bind", "create", "egress", "ingress", "label"])"),
                 .meaning = "where it was denied, or why"},
                [](const auto &e) { return deny_hook_word(e.record.hook); }),
            direction("out: sent, or of a connection made here"),
            proto(R"("type": "string", "pattern": "^([a-z]+[0-9]?|0|[1-9][0-9]{0,2})$")",
                  "a name, or the protocol's number"),
            local(
                "for connect, sendmsg and create",
                [](const auto &e) { return local_address(e.socket, e.record.hook == DENY_BIND); }),
            remote,
            row<"port">({.kind = kind::port,
                         .meaning = "port that was judged and that no rule allows",
                         .absent = "where there is no port"},
                        [](const auto &e) { return nonzero(e.record.port); }),
            row<"suppressed">(
                {.kind = kind::positive,
                 .meaning = "denials of this socket since its last event that were not reported",
                 .absent = "where there are none"},
                [](const auto &e) { return nonzero(e.record.suppressed); }),
            row<"cut">(
                {.kind = kind::always_true,
                 .meaning =
                     "more rules are about the process than fit: one that is left out may allow it",
                 .absent = "where all rules were judged"},
                [](const auto &e) { return only_if(e.record.state & DENY_CUT); }),
            process(""), attribution(R"("const": "exact")"), community_id));
}();

} // namespace pinpipe
