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
    Fd link;             // the existing link, or the new one
    uint32_t before = 0; // id of the program of an existing link
    int attach_type = 0;
};

// One cgroup with the rules' programs.
struct RulePlace {
    unsigned number = 0;
    Cgroup cgroup;
    cgroup_record record{};
    std::vector<RuleHook> hooks; // to be attached or updated
    bool is_new = false;
    bool wanted = false; // named on the command line
};

// Whether the place's programs are this build's, and nobody else replaced one.
bool is_up_to_date(const Run &run, const RulePlace &place);

// Whether all programs of the place are attached. If not, somebody detached one, or the cgroup was
// removed, after which the kernel detaches them.
bool is_whole(const Pins &pins, unsigned number, const cgroup_record &record);

// Loads the programs and opens the existing links.
Result<void> load_rules(Run &run, RulePlace &place);

// Attaches each program, or replaces the program of its existing link in one step.
Result<void> attach_rules(Run &run, RulePlace &place);

void remove_rule_links(const Pins &pins, unsigned number);

} // namespace pinpipe::loader
