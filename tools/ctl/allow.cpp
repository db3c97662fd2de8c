// SPDX-License-Identifier: MIT
// ebpf-ctl allow, revoke: the rules of one process at a time.
#include "lib/pins/components.h"
#include "tools/ctl/allowance.h"
#include "tools/ctl/rule_command.h"
#include "tools/ctl/rule_steps.h"

namespace pinpipe::ctl {
namespace {

// Hints that DNS is not allowed: a process that connects by TCP usually looks up names.
void hint_at_names(const PortRule &rule, const PortSet &ports, const std::string &who) {
    constexpr PortRule lookups{{53, 53}, 1U << RULE_UDP, 1U << SIDE_CONNECT};
    if ((rule.protos & 1U << RULE_TCP) && (rule.sides & lookups.sides) && !ports.has_all(lookups))
        say_hint("ebpf-ctl allow 53/udp " + who + "   (it may not look up names now)");
}

// What revoke leaves of a subject.
Change without(const Ruled &subject, const Allowance &what) {
    Change change{subject.key, Change::After{subject.ports, subject.record.flags & ~what.flag}};
    if (what.ports)
        change.after->ports.remove(*what.ports);
    if (!stays(change.after->ports, change.after->flags))
        change.after.reset();
    return change;
}

// The sides that --connect and --serve give to ports; both, if neither is given.
unsigned sides_given(const Parsed &parsed) {
    const unsigned sides = (parsed.has(opt_connect) ? 1U << SIDE_CONNECT : 0U) |
                           (parsed.has(opt_serve) ? 1U << SIDE_SERVE : 0U);
    return sides ? sides : both_sides;
}

Result<void> revoke_all(RuleMaps &maps, const Parsed &parsed, const Cgroup &cgroup) {
    const std::string &process = parsed.operands[1];
    const auto found = find_subjects(maps, process, cgroup_or_all(cgroup));
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
                         const Cgroup &cgroup) {
    const auto found = find_subjects(maps, process, cgroup);
    if (!found)
        return fail(found.error());
    std::vector<Change> changes;
    std::vector<std::string> removed;
    for (const Ruled &subject : *found) {
        if (!has_any(subject.ports, subject.record.flags, what))
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

// What the maps have of a process in a cgroup; nothing: it has no rules there.
Result<std::optional<subject_record>> find_subject(const RuleMaps &maps, subject_key key,
                                                   const Cgroup &cgroup) {
    const auto scope = maps.scope(cgroup.path);
    if (!scope)
        return fail(scope.error());
    if (!*scope)
        return std::optional<subject_record>();
    key.scope = **scope;
    return maps.find(key);
}

Result<void> allow_to(RuleMaps &maps, const Parsed &parsed, const Allowance &what,
                      const Process &process, const Cgroup &cgroup) {
    const auto found = find_subject(maps, process.key, cgroup);
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
    if (auto done =
            change(maps, {{process.key, Change::After{*ports, flags}, process.text, cgroup.path}});
        !done)
        return done;
    say_it_waits(parsed.pin_root, cgroup);
    if (what.ports && !*found && !(flags & SUBJECT_AUDIT))
        hint_at_names(*what.ports, *ports, whom(process.text, cgroup_option(parsed)));
    return {};
}

} // namespace

Result<void> allow(const Parsed &parsed) {
    const auto what = parse_allowance(parsed.operands[1], sides_given(parsed));
    if (!what)
        return fail(what.error());
    const auto process = find_ruled(parsed.operands[2]);
    if (!process)
        return fail(process.error());
    const auto cgroup = cgroup_given(parsed);
    if (!cgroup)
        return fail(cgroup.error());
    if (auto limited = require_cgroup(process->text, *cgroup); !limited)
        return limited;
    if (parsed.has(opt_children))
        if (auto refused = refuse_any_with_children(process->text); !refused)
            return refused;
    auto maps = open_rules(parsed);
    if (!maps)
        return fail(maps.error());
    return allow_to(*maps, parsed, *what, *process, *cgroup);
}

Result<void> revoke(const Parsed &parsed) {
    const size_t operands = parsed.has(opt_all) ? 2 : 3;
    const unsigned sides = sides_given(parsed);
    if (parsed.operands.size() != operands || (parsed.has(opt_all) && sides != both_sides))
        return fail(usage_error(std::string("revoke takes ") + allowance_words +
                                ", and PROCESS; or --all PROCESS")
                        .with_hint("ebpf-ctl --help"));
    Result<Allowance> what = Allowance{};
    if (!parsed.has(opt_all))
        what = parse_allowance(parsed.operands[1], sides);
    if (!what)
        return fail(what.error());
    if (const auto kind = ruled_kind(parsed.operands.back()); !kind)
        return fail(kind.error());
    const auto cgroup = cgroup_given(parsed);
    if (!cgroup)
        return fail(cgroup.error());
    if (!parsed.has(opt_all))
        if (auto limited = require_cgroup(parsed.operands[2], *cgroup); !limited)
            return limited;
    auto maps = open_rules(parsed);
    if (!maps)
        return fail(maps.error());
    if (parsed.has(opt_all))
        return revoke_all(*maps, parsed, *cgroup);
    return revoke_some(*maps, *what, parsed.operands[2], *cgroup);
}

} // namespace pinpipe::ctl
