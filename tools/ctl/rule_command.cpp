// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_command.h"

#include "lib/base/signals.h"
#include "tools/ctl/rule_steps.h"

namespace pinpipe::ctl {

std::string whom_given(const Parsed &parsed, const std::string &process) {
    const std::string *cgroup = parsed.value(opt_cgroup), *user = parsed.value(opt_user);
    return whom(process, cgroup ? *cgroup : "", user ? *user : "");
}

Result<RuleMaps> open_rules(const Parsed &parsed) {
    const auto wait = lock_wait(parsed);
    if (!wait)
        return fail(wait.error());
    auto maps = open_to_change(Pins(parsed.pin_root), *wait);
    defer_stop_signals();
    return maps;
}

std::string removed_text(const Ruled &subject) {
    return subject.text + " has no rule any more: it may use any port";
}

Result<void> unchanged(const std::string &text) {
    say("unchanged: " + text);
    return {};
}

Error nothing_of(const std::string &process) {
    return failure("there are no rules of " + process);
}

Result<void> require_limit(const std::string &process, const Limits &limits) {
    if (process != "any" || !limits.none())
        return {};
    return fail(usage_error("any is every process of a cgroup or user: it needs --cgroup DIR or "
                            "--user NAME")
                    .with_hint("ebpf-ctl allow PORT any --cgroup DIR   (name:any is a process that "
                               "is called any)"));
}

Result<void> refuse_any_with_children(const std::string &process) {
    if (process != "any")
        return {};
    return fail(
        usage_error("any has no children: its rules hold for every process of the cgroup or "
                    "user"));
}

} // namespace pinpipe::ctl
