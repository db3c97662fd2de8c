// SPDX-License-Identifier: MIT
// What the rules of a process are limited to: a cgroup, a user.
#pragma once

#include "tools/ctl/cgroup_paths.h"

#include <optional>
#include <string>

namespace pinpipe::ctl {

struct Limits {
    Cgroup cgroup;
    uint32_t user = 0; // as in subject_key: user id + 1; 0: all users

    bool none() const { return cgroup.path.empty() && !user; }
};

// Which of the rules of a process are meant. Without a member: those of all cgroups, of all users.
struct Which {
    std::optional<std::string> cgroup; // path; empty: rules that hold in all cgroups
    std::optional<uint32_t> user;
};

Which exactly(const Limits &limits);

// A limit that is not given stands for rules with any.
Which at_least(const Limits &limits);

// The user of this name or number, as in subject_key. An error that says that there is none fulfils
// is_missing().
Result<uint32_t> find_user(const std::string &text);

// The name of a user of subject_key; its number where it has none; "" for 0.
std::string user_text(uint32_t user);

} // namespace pinpipe::ctl
