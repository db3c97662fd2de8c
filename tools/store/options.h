// SPDX-License-Identifier: MIT
// What ebpf-store was asked for.
#pragma once

#include "lib/base/address.h"
#include "lib/base/options.h"
#include "tools/store/ageing.h"

#include <optional>

namespace pinpipe::store {

enum class Command { ingest, report, prune, export_all, check };
enum class By { process, exe, remote, port, proto, host, user, cgroup, nothing };
enum class Format { table, json, csv };

struct Filter {
    std::optional<std::string> process, exe, proto, host, cgroup;
    std::optional<Prefix> remote;
    std::optional<std::pair<int64_t, int64_t>> ports;
    std::optional<int64_t> user;
};

struct Request {
    Command command = Command::ingest;
    std::string database;
    bool verbose = false;
    Keep keep; // of ingest and prune
    bool keep_raw_given = false;
    // of report
    By by = By::process; // nothing: all in one
    Format format = Format::table;
    Filter filter;
    std::optional<int64_t> since, until; // microseconds since 1970
    int64_t interval = 0;                // 0: none
    size_t top = 0;                      // 0: all
};

extern const Usage usage;

// now: what durations count back from, microseconds.
Result<Request> read_request(const Parsed &parsed, int64_t now);

const char *name_of(By by);

} // namespace pinpipe::store
