// SPDX-License-Identifier: MIT
// ebpf-ctl apply, export: all rules as a file.
#include "lib/base/signals.h"
#include "lib/pins/components.h"
#include "tools/ctl/commands.h"
#include "tools/ctl/policy_file.h"
#include "tools/ctl/rule_replace.h"
#include "tools/ctl/rule_steps.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <set>

namespace pinpipe::ctl {
namespace {

constexpr size_t longest_file = size_t{64} << 20; // bytes

Result<std::string> read_file(const std::string &name) {
    const bool standard = name == "-";
    const Fd file(standard ? dup(STDIN_FILENO) : open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
        return fail(system_error("open " + name, errno));
    std::string text;
    char part[65536];
    for (ssize_t count; (count = read(file.get(), part, sizeof part)) != 0;) {
        if (count < 0 && (errno != EINTR || stop_requested()))
            return fail(system_error("read " + name, errno));
        if (count > 0)
            text.append(part, static_cast<size_t>(count));
        if (text.size() > longest_file)
            return fail(failure(name + " has more than 64 MiB: that is no policy"));
    }
    return text;
}

// A cgroup that does not exist is waited for, but not if all has to be there.
Result<Cgroup> find_existing_cgroup(const std::string &text) {
    auto cgroup = find_cgroup(text);
    if (cgroup && !cgroup->id)
        return fail(failure(cgroup->shown + " is not there"));
    return cgroup;
}

// What is not there is left out and reported; strict: it is an error.
Result<Policy> read_policy(const std::string &name, bool strict) {
    const auto text = read_file(name);
    if (!text)
        return fail(text.error());
    Finders finders;
    if (strict)
        finders.cgroup = find_existing_cgroup;
    std::vector<PolicyError> left_out;
    auto policy = parse_policy(*text, finders, strict ? nullptr : &left_out);
    const auto say_all = [&](const std::vector<PolicyError> &lines, const char *what) {
        for (const PolicyError &line : lines)
            say(name + ":" + std::to_string(line.line) + ": " + what + line.text);
    };
    if (policy) {
        say_all(left_out, "left out: ");
        return *policy;
    }
    const std::vector<PolicyError> &errors = policy.error();
    say_all(errors, "");
    const std::string count = std::to_string(errors.size());
    return fail(failure(name + ": " + count +
                        (errors.size() == most_policy_errors ? " or more" : "") +
                        (errors.size() == 1 ? " error" : " errors") + ", nothing applied"));
}

// Whether apply would take it. An executable may have been replaced: the path names the file that
// is there now. A process must still be the one that was meant.
bool is_there(const Subject &subject) {
    const Process &process = subject.process;
    return process.key.kind == SUBJECT_PID ? is_current(process.key, process.text)
                                           : find_ruled(process.text).has_value();
}

// The lines of the rules that hold. Those of a file that is no longer at its path, and those of a
// process that has ended, say so: a line of the same text is about another one.
std::vector<std::string> lines_of(const Rules &rules) {
    Rules current = rules, earlier;
    std::erase_if(current.ruled, [&](const Ruled &ruled) {
        const bool gone = !is_current(ruled.key, ruled.text);
        if (gone)
            earlier.ruled.push_back(ruled);
        return gone;
    });
    std::vector<std::string> lines = policy_lines(policy_of(current));
    for (std::string line : policy_lines(policy_of(earlier))) {
        line.pop_back();
        lines.push_back(line + "   # of an earlier file or process\n");
    }
    return lines;
}

// The lines that only one of both has, in order: "-" and "+" before them.
std::string difference(const std::vector<std::string> &from, const std::vector<std::string> &to) {
    std::vector<std::string> old_lines = from, new_lines = to;
    std::sort(old_lines.begin(), old_lines.end());
    std::sort(new_lines.begin(), new_lines.end());
    std::string text;
    for (const std::string &line : from)
        if (!std::binary_search(new_lines.begin(), new_lines.end(), line))
            text += "-" + line;
    for (const std::string &line : to)
        if (!std::binary_search(old_lines.begin(), old_lines.end(), line))
            text += "+" + line;
    return text;
}

void say_which_wait(const std::string &pin_root, const Policy &policy) {
    std::set<std::string> said;
    for (const Subject &subject : policy.subjects)
        if (said.insert(subject.cgroup.path).second)
            say_it_waits(pin_root, subject.cgroup);
}

Result<Rules> read_rules(const Parsed &parsed) {
    const auto maps = open_to_show(Pins(parsed.pin_root), say);
    return maps ? maps->read() : fail(maps.error());
}

} // namespace

Result<void> apply(const Parsed &parsed) {
    const auto policy = read_policy(parsed.operands[1], parsed.has(opt_strict));
    if (!policy)
        return fail(policy.error());
    if (parsed.has(opt_dry_run)) {
        const auto rules = read_rules(parsed);
        if (!rules)
            return fail(rules.error());
        return print(difference(lines_of(*rules), policy_lines(*policy)));
    }
    const auto wait = lock_wait(parsed);
    if (!wait)
        return fail(wait.error());
    auto maps = open_to_change(Pins(parsed.pin_root), *wait);
    if (!maps)
        return fail(maps.error());
    if (std::any_of(policy->subjects.begin(), policy->subjects.end(),
                    [](const Subject &subject) { return subject.children; }))
        if (auto granted =
                require_granted(parsed.pin_root, OPTIONAL_RULED_FORK, "apply rules for children");
            !granted)
            return granted;
    defer_stop_signals();
    auto replaced = replace(*maps, *policy);
    if (replaced)
        say_which_wait(parsed.pin_root, *policy);
    return replaced;
}

Result<void> export_rules(const Parsed &parsed) {
    const auto rules = read_rules(parsed);
    if (!rules)
        return fail(rules.error());
    Policy policy = policy_of(*rules);
    std::string text;
    Policy ended; // printed as comments, so that apply takes the rest
    std::erase_if(policy.subjects, [&](const Subject &subject) {
        if (is_there(subject))
            return false;
        ended.subjects.push_back(subject);
        return true;
    });
    for (const std::string &line : policy_lines(policy))
        text += line;
    for (const std::string &line : policy_lines(ended))
        text += "# not there any more: " + line;
    return print(text);
}

} // namespace pinpipe::ctl
