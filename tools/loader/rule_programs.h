// SPDX-License-Identifier: MIT
// The rules' programs at one cgroup.
#pragma once

#include "tools/loader/cgroups.h"
#include "tools/loader/program.h"
#include "tools/loader/run.h"

#include <vector>

namespace pinpipe::loader {

// One program at a cgroup.
struct RuleHook {
    const Component *component = nullptr;
    Program program;
    Fd link;             // of one that is there, or of the new one
    uint32_t before = 0; // id of the program of a link that is there
    int attach_type = 0;
};

struct RulePlace {
    unsigned number = 0;
    Cgroup cgroup;
    cgroup_record record{};
    std::vector<RuleHook> hooks; // to be attached or updated
    bool is_new = false;
    bool wanted = false; // on the command line
};

// Whether the programs at the place are this build's, and still those that were attached.
bool is_up_to_date(const Run &run, const RulePlace &place);

// Whether all programs of the place are attached. Else somebody took one away, or the kernel did:
// some time after the cgroup has gone.
bool is_whole(const Pins &pins, unsigned number, const cgroup_record &record);

// Loads the programs and finds the links that are there.
Result<void> load_rules(Run &run, RulePlace &place);

// Attaches each program, or takes its link to it, each in one step of the kernel's.
Result<void> attach_rules(Run &run, RulePlace &place);

void remove_rule_links(const Pins &pins, unsigned number);

} // namespace pinpipe::loader
