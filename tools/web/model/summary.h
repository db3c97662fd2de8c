// SPDX-License-Identifier: MIT
// Sums of the events of standard input: all that the pages show, except the lines themselves.
#pragma once

#include "tools/web/model/denials.h"
#include "tools/web/model/ports.h"
#include "tools/web/model/processes.h"
#include "tools/web/model/recent.h"

namespace pinpipe::web {

class Summary {
public:
    static constexpr size_t most_remotes = 1024;

    // line: the event's JSON, as it is shown.
    void take(const Event &event, std::string_view line, const Now &now);

    const Traffic<chart_seconds> &traffic() const { return traffic_; }
    uint64_t events() const { return events_; }
    uint64_t denied() const { return denied_; }
    const Processes &processes() const { return processes_; }
    const Lru<std::string, Traffic<spark_seconds>> &remotes() const { return remotes_; }
    const Denials &denials() const { return denials_; }
    const Ports &ports() const { return ports_; }
    const Recent &denial_lines() const { return denial_lines_; }
    const Recent &connection_lines() const { return connection_lines_; }

private:
    void take_usage(const Event &event, const Amount &amount, const Now &now);

    uint64_t events_ = 0, denied_ = 0;
    Traffic<chart_seconds> traffic_;
    Processes processes_;
    Lru<std::string, Traffic<spark_seconds>> remotes_{most_remotes}; // by address
    Denials denials_;
    Ports ports_;
    Recent denial_lines_, connection_lines_;
};

} // namespace pinpipe::web
