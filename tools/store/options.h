// SPDX-License-Identifier: MIT
// The command line of ebpf-store.
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
    // of the command report
    By by = By::process; // By::nothing: one row for all
    Format format = Format::table;
    Filter filter;
    std::optional<int64_t> since, until; // microseconds since 1970
    int64_t interval = 0;                // 0: none
    size_t top = 0;                      // 0: all
};

extern const Usage usage;

// now: microseconds since 1970, from which durations count back.
Result<Request> read_request(const Parsed &parsed, int64_t now);

const char *name_of(By by);

} // namespace pinpipe::store
