// SPDX-License-Identifier: MIT
// The fields of lost events. Besides what common_fields.h lists, getters need of an event:
//   stream         plain text
//   reason         optional plain text; for usage
//   interface_run  text of fields::interface; for ports, else empty
//   count          events, calls (usage) or packets (ports)
//   lost_by        optional plain text
//   sums           usage_sums; for usage
//   bytes          optional; for ports
#pragma once

#include "lib/event/usage_fields.h"

namespace pinpipe {

inline constexpr auto lost_table = [] {
    using namespace fields;
    return table(
        "lost", "A gap: count events of a stream were lost before the line that follows",
        rows(
            beginning<R"("lost")">, host,
            row<"stream">({.kind = kind::text_that(R"("type": "string", "pattern": "^[a-z]+$")"),
                           .meaning = "event_type of the lost events"},
                          [](const auto &e) { return e.stream; }),
            row<"reason">({.kind = kind::text_that(R"("enum": ["full", "forgotten"])"),
                           .meaning = "why the process is not known",
                           .absent = "unless stream is usage"},
                          [](const auto &e) { return e.reason; }),
            group(
                "unless stream is ports", [](const auto &e) { return !e.interface_run.empty(); },
                rows(prepared([](const auto &e) { return e.interface_run; }, interface))),
            row<"count">({.kind = kind::positive_count,
                          .meaning = "events; of usage: calls; of ports: packets"},
                         [](const auto &e) { return e.count; }),
            row<"lost_by">({.kind = kind::text,
                            .meaning = "the tool that dropped the events",
                            .absent = "where a reader lost them"},
                           [](const auto &e) { return e.lost_by; }),
            group(
                "unless stream is usage", [](const auto &e) { return e.reason.has_value(); }, sums),
            row<"bytes">({.kind = kind::count,
                          .meaning = "bytes of these packets",
                          .absent = "unless stream is ports"},
                         [](const auto &e) { return e.bytes; })));
}();

} // namespace pinpipe
