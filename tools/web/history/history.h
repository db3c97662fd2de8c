// SPDX-License-Identifier: MIT
// A question to the database, by ebpf-store report: first its rows, then the same over time.
#pragma once

#include "tools/web/common/subprocess.h"

#include <functional>
#include <map>
#include <optional>

namespace pinpipe::web {

struct HistoryQuery {
    std::vector<std::string> arguments; // of ebpf-store report, without those of its form
    bool csv = false;
    std::string by = "process", step; // step: "15m"; else what suits the range
    uint64_t limit = 1000;            // rows
};

// value: of the question's members; empty: not there. An error is one of whoever asks.
Result<HistoryQuery> parse_history(const std::function<std::string(const char *name)> &value);

class History {
public:
    History(std::string database, HistoryQuery query)
        : database_(std::move(database)), query_(std::move(query)) {}

    // Goes on as far as it can; what to wait for, or nullptr: done. An error: it cannot be had.
    Result<std::shared_ptr<Pending>> go_on(Subprocesses &subprocesses);

    bool csv() const { return query_.csv; }
    Subprocess &rows() { return *rows_; } // of CSV: what to give
    std::string json() const;             // else

private:
    Result<std::shared_ptr<Pending>> ask(Subprocesses &subprocesses,
                                         std::shared_ptr<Subprocess> &subprocess,
                                         const std::vector<std::string> &how);
    void choose_step();

    const std::string database_;
    const HistoryQuery query_;
    std::shared_ptr<Subprocess> rows_, series_;
    std::string step_ = "30d"; // of the series
    int64_t step_length_ = 30LL * 86400 * 1000;
};

// "2026-11-20T13:30:15.5Z", as ebpf-store writes it, in milliseconds since 1970.
std::optional<int64_t> parse_utc(const std::string &text);
// And back, in whole seconds.
std::string utc_seconds(int64_t seconds);

} // namespace pinpipe::web
