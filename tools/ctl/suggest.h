// SPDX-License-Identifier: MIT
// ebpf-ctl suggest: the rules that would allow what events say of a process.
#pragma once

#include "lib/event/event_fields.h"
#include "lib/rules/named_process.h"
#include "lib/rules/port_rule.h"

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string_view>

namespace pinpipe::ctl {

// The process whose events count.
struct Wanted {
    subject_kind kind = SUBJECT_NAME;
    std::string text; // PROCESS
    uint64_t pid = 0; // SUBJECT_PID
    // SUBJECT_EXE: whether a process that runs now has this executable. An event names the path
    // only if rules of that path denied it, in the field "rule".
    std::function<bool(uint64_t pid)> has_executable;
};

Result<Wanted> wanted_process(const std::string &text);

// The fields of deny and conn events that are read.
using SeenEvent =
    EventFields<"event_type", "action", "reason", "rule", "direction", "proto", "local_port",
                "remote_ip", "remote_port", "port", "suppressed", "pid", "comm">;

class Suggestions {
public:
    explicit Suggestions(Wanted wanted) : wanted_(std::move(wanted)) {}

    // A line of NDJSON as ebpf-read deny or conn prints it; other lines are counted and skipped.
    void take(std::string_view line);

    // "ebpf-ctl allow 8080/tcp curl   # seen 3 times", in order; neighbouring ports are one range.
    std::string commands() const;

    // What was skipped, a remark for each reason.
    std::vector<std::string> remarks() const;

private:
    bool is_wanted(std::string_view comm, uint64_t pid);
    bool is_fresh(const SeenEvent &event);

    Wanted wanted_;
    EventParser<SeenEvent> parser_;
    std::array<std::map<uint16_t, uint64_t>, rule_protos> seen_; // times, by port
    std::set<std::string> open_; // connections whose beginning was seen, by their ends
    std::map<std::string, uint64_t> hopeless_; // times, by protocols that rules cannot allow
    std::map<uint64_t, bool> executables_;     // by process number, looked up once
    uint64_t bad_ = 0, events_ = 0, matched_ = 0, portless_ = 0;
};

} // namespace pinpipe::ctl
