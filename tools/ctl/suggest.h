// SPDX-License-Identifier: MIT
// ebpf-ctl suggest: the rules that would allow what events say of a process.
#pragma once

#include "lib/event/event_fields.h"
#include "lib/rules/named_process.h"
#include "lib/rules/needed_rule.h"
#include "tools/ctl/cgroup_paths.h"
#include "tools/ctl/limits.h"
#include "tools/ctl/port_set.h"

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string_view>

namespace pinpipe::ctl {

// The process whose events count.
struct Wanted {
    subject_kind kind = SUBJECT_NAME;
    std::string text;   // PROCESS
    std::string cgroup; // path: only its processes and those below it; empty: all
    std::string shown;  // the cgroup, as a command takes it
    uint32_t user = 0;  // only its processes: as in subject_key; 0: all
    uint64_t pid = 0;   // SUBJECT_PID
    // SUBJECT_EXE: whether a process that runs now has this executable. An event names the path
    // only if rules of that path denied it, in the field "rule".
    std::function<bool(uint64_t pid)> has_executable;
};

Result<Wanted> wanted_process(const std::string &text, const Limits &limits = {});

// The fields of deny and conn events that are read.
using SeenEvent = EventFields<"event_type", "action", "reason", "rule", "direction", "proto",
                              "local_port", "remote_ip", "remote_port", "port", "suppressed", "pid",
                              "uid", "comm", "cgroup_id">;

class Suggestions {
public:
    explicit Suggestions(Wanted wanted) : wanted_(std::move(wanted)) {}

    // A line of NDJSON as ebpf-read deny or conn prints it; other lines are counted and skipped.
    void take(std::string_view line);

    // "ebpf-ctl allow 8080/tcp --connect --to lan curl   # seen 3 times", in order; neighbouring
    // ports on the same side with the same remote ends are one range.
    std::string commands() const;

    // What was skipped, a remark for each reason.
    std::vector<std::string> remarks() const;

private:
    bool is_wanted(std::string_view comm, uint64_t pid);
    bool is_fresh(const SeenEvent &event);
    bool is_in_cgroup(const std::string &id);
    bool is_of_user(const SeenEvent &event) const;
    void add(const NeededRule &rule, uint64_t times);
    PortSet set_of(unsigned proto) const;
    uint64_t times(unsigned proto, const PortRule &rule) const;

    Wanted wanted_;
    EventParser<SeenEvent> parser_;
    std::set<std::string> open_; // connections whose beginning was seen, by their ends
    struct Seen {
        uint64_t times = 0;
        std::set<std::string> remotes; // words of remote ends; "": one is not known
    };
    using Ports = std::map<uint16_t, Seen>;
    std::array<std::array<Ports, rule_sides>, rule_protos> seen_;
    uint64_t icmp_ = 0; // times
    CgroupPaths cgroups_;
    std::map<std::string, bool> in_cgroup_;    // by id, looked up once
    std::map<std::string, uint64_t> hopeless_; // times, by protocols that rules cannot allow
    std::map<uint64_t, bool> executables_;     // by process number, looked up once
    uint64_t bad_ = 0, events_ = 0, matched_ = 0, portless_ = 0;
};

} // namespace pinpipe::ctl
