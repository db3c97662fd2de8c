// SPDX-License-Identifier: MIT
// A query of the database, by ebpf-store report: first the rows, then the same over time.
#pragma once

#include "tools/web/common/subprocess.h"

#include <functional>
#include <map>
#include <optional>

namespace pinpipe::web {

struct HistoryQuery {
    std::vector<std::string> arguments; // of ebpf-store report, without those for its format
    bool csv = false;
    std::string by = "process", step; // step: "15m"; empty: one that suits the range
    uint64_t limit = 1000;            // rows
};

// value(name): an argument of the request; empty if absent. An error is the client's fault.
Result<HistoryQuery> parse_history(const std::function<std::string(const char *name)> &value);

class History {
public:
    History(std::string database, HistoryQuery query)
        : database_(std::move(database)), query_(std::move(query)) {}

    // Proceeds as far as it can. Returns what to wait for before the next call; nullptr when done.
    Result<std::shared_ptr<Pending>> go_on(Subprocesses &subprocesses);

    bool csv() const { return query_.csv; }
    Subprocess &rows() { return *rows_; } // the answer if csv()
    std::string json() const;             // the answer otherwise

private:
    Result<std::shared_ptr<Pending>> ask(Subprocesses &subprocesses,
                                         std::shared_ptr<Subprocess> &subprocess,
                                         const std::vector<std::string> &how);
    void choose_step();

    const std::string database_;
    const HistoryQuery query_;
    std::shared_ptr<Subprocess> rows_, series_;
    std::string step_ = "30d"; // of the points over time
    int64_t step_length_ = 30LL * 86400 * 1000;
};

// Parses a time that ebpf-store wrote, "2026-11-20T13:30:15.5Z", to milliseconds since 1970.
std::optional<int64_t> parse_utc(const std::string &text);
// Formats seconds since 1970 as "2026-11-20T13:30:15Z".
std::string utc_seconds(int64_t seconds);

} // namespace pinpipe::web
