// SPDX-License-Identifier: MIT
// Sums for each process that events name.
#pragma once

#include "lib/base/hash.h"
#include "tools/web/common/lru.h"
#include "tools/web/model/traffic.h"

#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::web {

class Event;

struct ProcessKey {
    uint64_t pid = 0;
    uint64_t start = 0; // milliseconds since 1970

    bool operator==(const ProcessKey &) const = default;
};

// Parses "PID-START": "7529-1795231767048". Returns false if malformed.
bool parse_key(const std::string &text, ProcessKey &key);

struct KeyHash {
    size_t operator()(const ProcessKey &key) const { return hash_words({key.start, key.pid}); }
};

struct ProcessRemote {
    uint64_t sent = 0, received = 0;
    int64_t first_seen = 0, last_seen = 0; // milliseconds since 1970
};

// The address in the key of a remote, "PROTO ADDRESS".
inline std::string_view address_in(std::string_view key) {
    return key.substr(key.find(' ') + 1);
}

struct ProcessPort {
    uint64_t port = 0;
    std::string proto, action;
};

struct Process {
    static constexpr size_t most_remotes = 32, most_ports = 32;

    std::string comm, exe, cgroup;
    uint64_t uid = 0;
    bool has_uid = false;
    int64_t first_seen = 0, last_seen = 0; // milliseconds since 1970
    uint64_t denied = 0;
    Traffic<chart_seconds> traffic;
    Lru<std::string, ProcessRemote> remotes{most_remotes}; // by "PROTO ADDRESS"
    std::vector<ProcessPort> ports;                        // bound ports, the latest last
};

class Processes {
public:
    static constexpr size_t most = 1024;

    // Adds an event that names a process. amount: the bytes of a usage event, else empty.
    void take(const Event &event, const Amount &amount, const Now &now);

    const Lru<ProcessKey, Process, KeyHash> &all() const { return processes_; }

private:
    Lru<ProcessKey, Process, KeyHash> processes_{most};
};

} // namespace pinpipe::web
