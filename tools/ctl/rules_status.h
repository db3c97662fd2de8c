// SPDX-License-Identifier: MIT
// ebpf-ctl rules: the rules of each subject, and how often they allowed and denied.
#pragma once

#include "tools/ctl/policy.h"

#include <string>
#include <vector>

namespace pinpipe::ctl {

struct RangeStatus {
    unsigned proto;
    PortRange range;
    uint64_t hits; // of all ports of the range
    unsigned sides = both_sides;
    std::string to = {}; // as in PortRule
};

struct SubjectStatus {
    subject_key key;
    std::string text;
    Cgroup cgroup;
    std::string user = {}; // empty: all users
    bool audit = false;
    bool children = false; // its rules hold for descendants too
    bool none = false;     // it is ruled, also without ports
    bool icmp = false;     // it may use ICMP
    bool current = true;   // the file or process is still the one that was meant
    std::vector<RangeStatus> ranges;
    uint64_t icmp_hits = 0;
    uint64_t denied = 0, audited = 0;
    uint64_t last = 0; // denial or audit: microseconds since 1970; 0: never
};

struct RulesStatus {
    bool audit = false; // audit of all
    std::vector<SubjectStatus> subjects;
};

std::string rules_text(const RulesStatus &status);
std::string rules_json(const RulesStatus &status); // one line, with its newline

} // namespace pinpipe::ctl
