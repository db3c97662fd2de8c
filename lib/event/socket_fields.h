// SPDX-License-Identifier: MIT
// Fields that events of sockets have: tcp, udp, conn, bind, deny. Getters need of an event:
//   socket   socket_record
// and what common_fields.h lists.
#pragma once

#include "bpf/abi/usage.h"
#include "lib/event/common_fields.h"

namespace pinpipe {

// The name of a protocol (IP protocol number or USAGE_*); its number as text if it has none.
Word protocol_word(uint8_t proto);

inline bool is_zero(const union address &a) {
    return (a.halves[0] | a.halves[1]) == 0;
}

// any: an all-zero address means all of this machine's addresses, and is reported; else left out.
inline std::optional<AddressOf> local_address(const socket_record &r, bool any) {
    if (!is_zero(r.local))
        return AddressOf{r.local, is_ipv4(r.local) ? 4U : 6U};
    return any ? std::optional(AddressOf{r.local, r.flags & SOCKET_IPV6 ? 6U : 4U}) : std::nullopt;
}

namespace fields {

constexpr auto direction(std::string_view meaning) {
    return row<"direction">(
        {.kind = kind::text_that(R"("enum": ["in", "out"])"), .meaning = meaning},
        [](const auto &e) { return e.socket.flags & SOCKET_OUT ? Word("out") : Word("in"); });
}

constexpr auto proto(std::string_view schema, std::string_view meaning = {}) {
    return row<"proto">({.kind = kind::text_that(schema), .meaning = meaning},
                        [](const auto &e) { return protocol_word(e.socket.proto); });
}

template <class GET> constexpr auto local(std::string_view absent, GET get_ip) {
    return rows(row<"local_ip">({.kind = kind::address,
                                 .meaning = "address of this end; 0.0.0.0 or :: for any",
                                 .absent = absent},
                                get_ip),
                row<"local_port">({.kind = kind::port,
                                   .meaning = "port of this end",
                                   .absent = "where the socket has none, or none yet"},
                                  [](const auto &e) { return nonzero(e.socket.local_port); }));
}
constexpr auto known_local = local("where the socket is bound to none",
                                   [](const auto &e) { return local_address(e.socket, false); });

inline constexpr auto remote = group(
    "where it is not known", [](const auto &e) { return !is_zero(e.socket.remote); },
    rows(row<"remote_ip">({.kind = kind::address, .meaning = "address of the other end"},
                          [](const auto &e) { return AddressText{e.socket.remote}; }),
         row<"remote_port">({.kind = kind::port, .meaning = "port of the other end"},
                            [](const auto &e) { return nonzero(e.socket.remote_port); })));

inline constexpr auto pid = row<"pid">({.kind = kind::positive, .meaning = "number of the process"},
                                       [](const auto &e) { return e.process.pid; });
inline constexpr auto tid = row<"tid">({.kind = kind::positive,
                                        .meaning = "thread that made the call",
                                        .absent = "where no thread did"},
                                       [](const auto &e) { return nonzero(e.socket.tid); });
inline constexpr auto thread =
    row<"thread">({.kind = kind::thread_name,
                   .meaning = "name of the thread",
                   .absent = "where it is that of the process"},
                  [](const auto &e) {
                      const bool another =
                          e.socket.thread[0] &&
                          std::strncmp(e.socket.thread, e.process.comm, sizeof e.process.comm) != 0;
                      return another ? std::optional(TaskName{e.socket.thread}) : std::nullopt;
                  });

constexpr auto attribution(std::string_view schema) {
    return row<"attribution">(
        {.kind = kind::text_that(schema), .meaning = "how the process is known"},
        [](const auto &e) {
            if (!e.process.pid)
                return Word("none");
            if (e.socket.flags & SOCKET_FOUND)
                return Word("bootstrap");
            return e.socket.flags & SOCKET_LISTENER ? Word("listener") : Word("exact");
        });
}

constexpr auto has_process = [](const auto &e) { return e.process.pid != 0; };

// absent: the text for events without a known process; empty: every event has one.
constexpr auto process(std::string_view absent) {
    return group(absent, has_process, rows(pid, ppid, uid, comm, exe, cgroup_id, start_time));
}
// The same with the thread, for events seen in a system call.
constexpr auto caller(std::string_view absent) {
    return group(absent, has_process,
                 rows(pid, tid, ppid, uid, comm, thread, exe, cgroup_id, start_time));
}

} // namespace fields
} // namespace pinpipe
