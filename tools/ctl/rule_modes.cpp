// SPDX-License-Identifier: MIT
// ebpf-ctl audit, children: how the rules of a process hold.
#include "lib/pins/components.h"
#include "tools/ctl/allowance.h"
#include "tools/ctl/rule_command.h"
#include "tools/ctl/rule_steps.h"

namespace pinpipe::ctl {
namespace {

Error no_state(const std::string &command, const std::string &word) {
    return usage_error(command + " takes on or off, not '" + word + "'")
        .with_hint("ebpf-ctl --help");
}

Change with_flag(const Ruled &subject, uint32_t flag, bool on) {
    const uint32_t others = subject.record.flags & ~flag;
    return {subject.key, Change::After{subject.ports, others | (on ? flag : 0)}};
}

Result<void> audit_everybody(RuleMaps &maps, bool on) {
    if (((maps.shared()->now & POLICY_AUDIT) != 0) == on)
        return unchanged(std::string("audit of all is ") + (on ? "on" : "off"));
    return set_audit(maps, on);
}

// Puts a process without rules under audit: what it does is reported, nothing is denied.
Result<void> audit_unruled(RuleMaps &maps, const std::string &text, const Limits &limits) {
    auto process = find_ruled(text);
    if (!process)
        return fail(process.error());
    process->key.user = limits.user;
    return change(maps, {{process->key, Change::After{{}, SUBJECT_AUDIT}, process->text,
                          limits.cgroup.path}});
}

Result<void> audit_process(RuleMaps &maps, bool on, const std::string &process,
                           const Limits &limits) {
    const auto found = find_subjects(maps, process, at_least(limits));
    if (!found)
        return fail(found.error());
    if (found->empty())
        return on ? audit_unruled(maps, process, limits) : fail(nothing_of(process));
    std::vector<Change> changes;
    std::vector<std::string> removed;
    for (const Ruled &subject : *found) {
        if (subject.audit() == on)
            continue;
        changes.push_back(with_flag(subject, SUBJECT_AUDIT, on));
        if (!on && !stays(subject.ports, subject.record.flags)) { // it would be denied everything
            changes.back().after.reset();
            removed.push_back(removed_text(subject));
        }
    }
    if (changes.empty())
        return unchanged("audit of " + process + " is " + (on ? "on" : "off"));
    if (auto done = change(maps, changes); !done)
        return done;
    for (const std::string &text : removed)
        say(text);
    return {};
}

Result<void> stick_to_children(RuleMaps &maps, const Parsed &parsed, const Limits &limits) {
    const bool on = parsed.operands[1] == "on";
    const std::string &process = parsed.operands[2];
    const auto found = find_subjects(maps, process, at_least(limits));
    if (!found)
        return fail(found.error());
    if (found->empty())
        return fail(on ? nothing_of(process).with_hint("ebpf-ctl allow PORT --children " +
                                                       whom_given(parsed, process))
                       : nothing_of(process));
    if (on)
        if (auto granted = require_granted(parsed.pin_root, OPTIONAL_RULED_FORK,
                                           "let rules hold for children");
            !granted)
            return granted;
    std::vector<Change> changes;
    for (const Ruled &subject : *found)
        if (subject.children() != on)
            changes.push_back(with_flag(subject, SUBJECT_CHILDREN, on));
    if (changes.empty())
        return unchanged("the rules of " + process + (on ? " hold" : " do not hold") +
                         " for its children");
    return change(maps, changes);
}

} // namespace

Result<void> audit(const Parsed &parsed) {
    const std::string &state = parsed.operands[1];
    if (state != "on" && state != "off")
        return fail(no_state("audit", state));
    const bool on = state == "on", everybody = parsed.operands.size() == 2;
    if (everybody && (parsed.has(opt_cgroup) || parsed.has(opt_user)))
        return fail(usage_error(std::string("audit --") +
                                (parsed.has(opt_cgroup) ? "cgroup" : "user") + " needs PROCESS")
                        .with_hint("ebpf-ctl --help"));
    if (!everybody)
        if (const auto kind = ruled_kind(parsed.operands[2]); !kind)
            return fail(kind.error());
    const auto limits = limits_given(parsed);
    if (!limits)
        return fail(limits.error());
    if (!everybody && on)
        if (auto limited = require_limit(parsed.operands[2], *limits); !limited)
            return limited;
    auto maps = open_rules(parsed);
    if (!maps)
        return fail(maps.error());
    if (everybody)
        return audit_everybody(*maps, on);
    return audit_process(*maps, on, parsed.operands[2], *limits);
}

Result<void> children(const Parsed &parsed) {
    const std::string &state = parsed.operands[1];
    if (state != "on" && state != "off")
        return fail(no_state("children", state));
    if (const auto kind = ruled_kind(parsed.operands[2]); !kind)
        return fail(kind.error());
    if (auto refused = refuse_any_with_children(parsed.operands[2]); !refused)
        return refused;
    const auto limits = limits_given(parsed);
    if (!limits)
        return fail(limits.error());
    auto maps = open_rules(parsed);
    if (!maps)
        return fail(maps.error());
    return stick_to_children(*maps, parsed, *limits);
}

} // namespace pinpipe::ctl
