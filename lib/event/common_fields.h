// SPDX-License-Identifier: MIT
// Fields that events of several types have. Getters need of an event:
//   time          EventTime
//   line          LineContext of tools/reader/lines/event_json.h
//   process       members pid, ppid, uid, comm, cgroup
//   exe_run       text of fields::executable
//   start_time    of the process: milliseconds since 1970
//   community_id  an optional value for put_value()
#pragma once

#include "lib/event/kinds.h"
#include "lib/event/put_value.h"

namespace pinpipe {

namespace fields {

// The first fields of every event. TYPE: the event_type, as JSON.
template <Literal TYPE>
inline constexpr auto beginning = rows(
    constant<"v", "1">(JsonType::number, "version of these fields"),
    constant<"event_type", TYPE>(JsonType::text),
    row<"timestamp">({.kind = kind::milliseconds_utc, .meaning = "when the kernel saw the event"},
                     [](const auto &e) { return Milliseconds{e.time}; }),
    row<"timestamp_us">({.kind = kind::microseconds_utc, .meaning = "the same"},
                        [](const auto &e) { return Microseconds{e.time}; }));

inline constexpr auto seq =
    row<"seq">({.kind = kind::positive_count,
                .meaning = "number of the event in this reader's output; a loss advances it by "
                           "its count, except for usage and ports"},
               [](const auto &e) { return e.line.seq; });

// For text that json_string() has made.
constexpr auto json_of = [](std::string_view json) { return Quoted{json}; };

inline constexpr auto host_name =
    rows(row<"host">({.kind = kind::text_that(R"("type": "string", "maxLength": 64)"),
                      .meaning = "name of the machine",
                      .absent = "without --host-name"},
                     json_of));
inline constexpr auto host =
    prepared([](const auto &e) { return std::string_view(e.line.host_run); }, host_name);

inline constexpr auto interface = rows(row<"ifname">(
    {.kind = kind::interface, .meaning = "interface, by the name it had when it was loaded"},
    json_of));

inline constexpr auto executable =
    rows(row<"exe">({.kind = kind::path,
                     .meaning = "path of the process's executable",
                     .absent = "for kernel threads, and where the process ended at once"},
                    json_of));
inline constexpr auto exe =
    prepared([](const auto &e) { return std::string_view(e.exe_run); }, executable);

inline constexpr auto ppid =
    row<"ppid">({.kind = kind::number, .meaning = "process number of the parent"},
                [](const auto &e) { return e.process.ppid; });
inline constexpr auto uid = row<"uid">({.kind = kind::number, .meaning = "user ID of the process"},
                                       [](const auto &e) { return e.process.uid; });
inline constexpr auto comm =
    row<"comm">({.kind = kind::process_name, .meaning = "name of the process"},
                [](const auto &e) { return TaskName{e.process.comm}; });
inline constexpr auto cgroup_id =
    row<"cgroup_id">({.kind = kind::decimal,
                      .meaning = "identifier of the process's cgroup in the unified hierarchy"},
                     [](const auto &e) { return Decimal{e.process.cgroup}; });
inline constexpr auto start_time =
    row<"start_time">({.kind = kind::milliseconds_utc, .meaning = "when the process started"},
                      [](const auto &e) { return e.start_time; });

inline constexpr auto community_id = row<"community_id">(
    {.kind = kind::text_that(R"("type": "string", "pattern": "^1:[A-Za-z0-9+/]{27}=$")"),
     .meaning = "Community ID v1 of the flow",
     .absent = "without --community-id"},
    [](const auto &e) { return e.community_id(); });

} // namespace fields
} // namespace pinpipe
