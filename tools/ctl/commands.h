// SPDX-License-Identifier: MIT
// The subcommands about rules and watches, and their options.
#pragma once

#include "lib/base/options.h"
#include "tools/ctl/limits.h"
#include "tools/ctl/pinned_rules.h"

namespace pinpipe::ctl {

enum : int {
    opt_json = own_options,
    opt_cgroup,
    opt_audit,
    opt_children,
    opt_connect,
    opt_serve,
    opt_to,
    opt_user,
    opt_strict,
    opt_all,
    opt_from,
    opt_dry_run,
    opt_wait
};

// Operands are counted by the caller; the first is the subcommand's name.
Result<void> allow(const Parsed &parsed);
Result<void> revoke(const Parsed &parsed);
Result<void> audit(const Parsed &parsed);
Result<void> children(const Parsed &parsed);
Result<void> apply(const Parsed &parsed);
Result<void> export_rules(const Parsed &parsed);
Result<void> rules(const Parsed &parsed);
Result<void> suggest(const Parsed &parsed);
Result<void> watch(const Parsed &parsed);
Result<void> unwatch(const Parsed &parsed);
Result<void> watches(const Parsed &parsed);

// --- what they share ---

// A remark: "ebpf-ctl: text" on standard error, harmless to a terminal.
void say(const std::string &text);

// A word quoted for a shell.
std::string shell_word(const std::string &word);

// PROCESS with its --cgroup and --user, quoted for a command in a hint.
std::string whom(const std::string &process, const std::string &cgroup,
                 const std::string &user = "");

// --cgroup and --user.
Result<Limits> limits_given(const Parsed &parsed);

// The cgroup does not exist: a remark says when the rule holds.
void say_it_waits(const std::string &pin_root, const Cgroup &cgroup);

// How long a change waits for others that hold the lock: --wait.
Result<LockWait> lock_wait(const Parsed &parsed);

Result<void> print(std::string_view text); // on standard output; a closed one is no error

Policy policy_of(const Rules &rules);

// The subjects that PROCESS means: those of what it names now, and those that were written the
// same, so that subjects of a replaced executable or an ended process can still be named.
Result<std::vector<Ruled>> find_subjects(const RuleMaps &maps, const std::string &process,
                                         const Which &which);

} // namespace pinpipe::ctl
