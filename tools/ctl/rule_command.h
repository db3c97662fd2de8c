// SPDX-License-Identifier: MIT
// What the commands that change the rules of one process share: allow, revoke, audit, children.
#pragma once

#include "tools/ctl/commands.h"
#include "tools/ctl/rule_edit.h"

#include <optional>
#include <string>

namespace pinpipe::ctl {

// PROCESS with --cgroup and --user as they were given, for a command in a hint.
std::string whom_given(const Parsed &parsed, const std::string &process);

// Opens the rules to be changed, with the lock, for which it waits as long as --wait says. Signals
// that stop the tool wait until it ends.
Result<RuleMaps> open_rules(const Parsed &parsed);

// The sentence for a subject that has lost its last rule.
std::string removed_text(const Ruled &subject);

// Says on standard error that the command had nothing to change; succeeds.
Result<void> unchanged(const std::string &text);

// The process has no rules.
Error nothing_of(const std::string &process);

// Fails for "any" without a limit, which would be about every process of the machine.
Result<void> require_limit(const std::string &process, const Limits &limits);

// Fails for "any", whose rules hold for all processes of the cgroup or user.
Result<void> refuse_any_with_children(const std::string &process);

} // namespace pinpipe::ctl
