// SPDX-License-Identifier: MIT
// The fields of bind events. Besides what socket_fields.h lists, getters need of an event:
//   record    bind_record
#pragma once

#include "lib/event/socket_fields.h"

namespace pinpipe {

Word bind_action(uint32_t action); // enum bind_action

inline constexpr auto bind_table = [] {
    using namespace fields;
    return table(
        "bind", "A socket that was bound, or listens",
        rows(beginning<R"("bind")">, seq, host,
             row<"action">({.kind = kind::text_that(R"("enum": ["bind", "listen", "close"])")},
                           [](const auto &e) { return bind_action(e.record.action); }),
             proto(R"("enum": ["tcp", "mptcp", "udp", "udplite"])"),
             local("", [](const auto &e) { return local_address(e.socket, true); }), caller(""),
             attribution(R"("enum": ["exact", "bootstrap"])")));
}();

} // namespace pinpipe
