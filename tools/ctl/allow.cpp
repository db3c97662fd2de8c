// SPDX-License-Identifier: MIT
// ebpf-ctl allow, revoke: the rules of one process at a time.
#include "lib/pins/components.h"
#include "lib/rules/remote_list.h"
#include "tools/ctl/allowance.h"
#include "tools/ctl/rule_command.h"
#include "tools/ctl/rule_steps.h"

#include <algorithm>

namespace pinpipe::ctl {
namespace {

// Hints that DNS is not allowed: a process that connects by TCP usually looks up names.
void hint_at_names(const PortRule &rule, const PortSet &ports, const std::string &who) {
    PortRule lookups{{53, 53}, 1U << RULE_UDP, 1U << SIDE_CONNECT};
    bool allowed = false;
    for (const std::string &to : ports.lists()) {
        lookups.to = to;
        allowed = allowed || ports.has_all(lookups);
    }
    if ((rule.protos & 1U << RULE_TCP) && (rule.sides & lookups.sides) && !allowed)
        say_hint("ebpf-ctl allow 53/udp " + who + "   (it may not look up names now)");
}

// The rules that revoke means: without --to, those of every list of remote ends.
std::vector<PortRule> meant(const PortRule &rule, const PortSet &ports) {
    std::vector<PortRule> rules = {rule};
    if (rule.to.empty())
        for (const std::string &to : ports.lists())
            rules.push_back({rule.range, rule.protos, rule.sides, to});
    return rules;
}

bool has_any_meant(const Ruled &subject, const Allowance &what) {
    if (!what.ports)
        return has_any(subject.ports, subject.record.flags, what);
    const std::vector<PortRule> rules = meant(*what.ports, subject.ports);
    return std::any_of(rules.begin(), rules.end(),
                       [&](const PortRule &rule) { return subject.ports.has_any(rule); });
}

// What revoke leaves of a subject.
Change without(const Ruled &subject, const Allowance &what) {
    Change change{subject.key, Change::After{subject.ports, subject.record.flags & ~what.flag}};
    if (what.ports)
        for (const PortRule &rule : meant(*what.ports, subject.ports))
            change.after->ports.remove(rule);
    if (!stays(change.after->ports, change.after->flags))
        change.after.reset();
    return change;
}

// What --connect, --serve and --to say of ports.
Result<Ends> ends_given(const Parsed &parsed) {
    const unsigned sides = (parsed.has(opt_connect) ? 1U << SIDE_CONNECT : 0U) |
                           (parsed.has(opt_serve) ? 1U << SIDE_SERVE : 0U);
    Ends ends{sides ? sides : both_sides, ""};
    std::vector<std::string> words;
    for (const Parsed::Given &option : parsed.options)
        if (option.id == opt_to)
            words.push_back(option.value);
    if (words.empty())
        return ends;
    auto list = remote_list(words);
    if (!list)
        return fail(list.error());
    ends.to = std::move(*list);
    return ends;
}

Result<void> revoke_all(RuleMaps &maps, const Parsed &parsed, const Limits &limits) {
    const std::string &process = parsed.operands[1];
    const auto found = find_subjects(maps, process, at_least(limits));
    if (!found)
        return fail(found.error());
    if (found->empty())
        return fail(nothing_of(process));
    std::vector<Change> changes;
    for (const Ruled &subject : *found)
        changes.push_back({subject.key, {}});
    return change(maps, changes);
}

Result<void> revoke_some(RuleMaps &maps, const Allowance &what, const std::string &process,
                         const Limits &limits) {
    const auto found = find_subjects(maps, process, exactly(limits));
    if (!found)
        return fail(found.error());
    std::vector<Change> changes;
    std::vector<std::string> removed;
    for (const Ruled &subject : *found) {
        if (!has_any_meant(subject, what))
            continue;
        changes.push_back(without(subject, what));
        if (!changes.back().after)
            removed.push_back(removed_text(subject));
    }
    if (changes.empty())
        return fail(found->empty() ? nothing_of(process)
                                   : failure(allowance_text(what) + " is not allowed to " +
                                             process + ": nothing to revoke"));
    if (auto done = change(maps, changes); !done)
        return done;
    for (const std::string &text : removed)
        say(text);
    return {};
}

// What the maps have of a process with these limits; nothing: it has no rules with them.
Result<std::optional<subject_record>> find_subject(const RuleMaps &maps, subject_key key,
                                                   const Limits &limits) {
    const auto scope = maps.scope(limits.cgroup.path);
    if (!scope)
        return fail(scope.error());
    if (!*scope)
        return std::optional<subject_record>();
    key.scope = **scope;
    return maps.find(key);
}

Result<void> allow_to(RuleMaps &maps, const Parsed &parsed, const Allowance &what,
                      const Process &process, const Limits &limits) {
    const auto found = find_subject(maps, process.key, limits);
    if (!found)
        return fail(found.error());
    const subject_record was = found->value_or(subject_record{});
    const uint32_t flags = was.flags | what.flag | (parsed.has(opt_audit) ? SUBJECT_AUDIT : 0U) |
                           (parsed.has(opt_children) ? SUBJECT_CHILDREN : 0U);
    if (flags & ~was.flags & SUBJECT_CHILDREN)
        if (auto granted =
                require_granted(parsed.pin_root, OPTIONAL_RULED_FORK, "allow --children");
            !granted)
            return granted;
    auto ports = maps.ports(was.set);
    if (!ports)
        return fail(ports.error());
    if (*found && has_all(*ports, was.flags, what) && flags == was.flags)
        return unchanged(allowance_text(what) + " is allowed to " + process.text);
    if (what.ports)
        ports->add(*what.ports);
    if (auto done = change(
            maps, {{process.key, Change::After{*ports, flags}, process.text, limits.cgroup.path}});
        !done)
        return done;
    say_it_waits(parsed.pin_root, limits.cgroup);
    if (what.ports && !*found && !(flags & SUBJECT_AUDIT))
        hint_at_names(*what.ports, *ports, whom_given(parsed, process.text));
    return {};
}

} // namespace

Result<void> allow(const Parsed &parsed) {
    const auto ends = ends_given(parsed);
    const auto what = ends ? parse_allowance(parsed.operands[1], *ends) : fail(ends.error());
    if (!what)
        return fail(what.error());
    auto process = find_ruled(parsed.operands[2]);
    if (!process)
        return fail(process.error());
    const auto limits = limits_given(parsed);
    if (!limits)
        return fail(limits.error());
    if (auto limited = require_limit(process->text, *limits); !limited)
        return limited;
    process->key.user = limits->user;
    if (parsed.has(opt_children))
        if (auto refused = refuse_any_with_children(process->text); !refused)
            return refused;
    auto maps = open_rules(parsed);
    if (!maps)
        return fail(maps.error());
    return allow_to(*maps, parsed, *what, *process, *limits);
}

Result<void> revoke(const Parsed &parsed) {
    const size_t operands = parsed.has(opt_all) ? 2 : 3;
    const auto ends = ends_given(parsed);
    if (!ends)
        return fail(ends.error());
    if (parsed.operands.size() != operands || (parsed.has(opt_all) && !ends->any()))
        return fail(usage_error(std::string("revoke takes ") + allowance_words +
                                ", and PROCESS; or --all PROCESS")
                        .with_hint("ebpf-ctl --help"));
    Result<Allowance> what = Allowance{};
    if (!parsed.has(opt_all))
        what = parse_allowance(parsed.operands[1], *ends);
    if (!what)
        return fail(what.error());
    if (const auto kind = ruled_kind(parsed.operands.back()); !kind)
        return fail(kind.error());
    const auto limits = limits_given(parsed);
    if (!limits)
        return fail(limits.error());
    if (!parsed.has(opt_all))
        if (auto limited = require_limit(parsed.operands[2], *limits); !limited)
            return limited;
    auto maps = open_rules(parsed);
    if (!maps)
        return fail(maps.error());
    if (parsed.has(opt_all))
        return revoke_all(*maps, parsed, *limits);
    return revoke_some(*maps, *what, parsed.operands[2], *limits);
}

} // namespace pinpipe::ctl
