// SPDX-License-Identifier: MIT
#include "tools/ctl/commands.h"

#include "lib/base/output.h"
#include "lib/pins/components.h"

#include <cstdio>

namespace pinpipe::ctl {

void say(const std::string &text) {
    std::fprintf(stderr, "ebpf-ctl: %s\n", printable(text).c_str());
}

std::string shell_word(const std::string &word) {
    constexpr const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "_-+./:@%,=";
    if (!word.empty() && word.find_first_not_of(plain) == word.npos && word[0] != '-')
        return word;
    std::string out = "$'";
    for (const char c : word) {
        char octal[5]; // always three digits, so that a digit behind them is not taken as another
        std::snprintf(octal, sizeof octal, "\\%03o", static_cast<unsigned char>(c));
        if (c < ' ' || c > '~' || c == '\'' || c == '\\')
            out += octal;
        else
            out += c;
    }
    return out + "'";
}

std::string whom(const std::string &process, const std::string &cgroup, const std::string &user) {
    const char *separator = process[0] == '-' ? "-- " : "";
    return (cgroup.empty() ? "" : "--cgroup " + shell_word(cgroup) + " ") +
           (user.empty() ? "" : "--user " + shell_word(user) + " ") + separator +
           shell_word(process);
}

Result<Limits> limits_given(const Parsed &parsed) {
    Limits limits;
    if (const std::string *directory = parsed.value(opt_cgroup)) {
        auto cgroup = find_cgroup(*directory);
        if (!cgroup)
            return fail(cgroup.error());
        limits.cgroup = std::move(*cgroup);
    }
    if (const std::string *name = parsed.value(opt_user)) {
        const auto user = find_user(*name);
        if (!user)
            return fail(user.error());
        limits.user = *user;
    }
    return limits;
}

void say_it_waits(const std::string &pin_root, const Cgroup &cgroup) {
    if (cgroup.path.empty() || cgroup.id)
        return;
    const bool told = !find_optional(OPTIONAL_SEE_MKDIR) ||
                      require_granted(pin_root, OPTIONAL_SEE_MKDIR, "").has_value();
    say(cgroup.shown + " is not there yet: the rule holds once it is made" +
        (told ? "" : " and any rule is changed after that"));
}

Result<LockWait> lock_wait(const Parsed &parsed) {
    LockWait wait;
    wait.tool = "ebpf-ctl";
    wait.say = say;
    if (const std::string *seconds = parsed.value(opt_wait)) {
        const auto most = parse_lock_wait(*seconds);
        if (!most)
            return fail(most.error());
        wait.most = *most;
    }
    return wait;
}

Result<void> print(std::string_view text) {
    const auto written = write_output(text);
    return written ? Result<void>() : fail(written.error());
}

Policy policy_of(const Rules &rules) {
    Policy policy;
    policy.audit = rules.audit();
    for (const Ruled &ruled : rules.ruled) {
        Subject subject;
        subject.process = {ruled.key, ruled.text};
        subject.process.key.bank = 0;
        subject.process.key.scope = 0;
        subject.cgroup = ruled.cgroup;
        subject.audit = ruled.audit();
        subject.children = ruled.children();
        subject.none = ruled.none();
        subject.icmp = ruled.icmp();
        subject.ports = ruled.ports;
        policy.subjects.push_back(std::move(subject));
    }
    put_in_order(policy);
    return policy;
}

Result<std::vector<Ruled>> find_subjects(const RuleMaps &maps, const std::string &process,
                                         const Which &which) {
    const auto kind = ruled_kind(process);
    if (!kind)
        return fail(kind.error());
    const auto now = find_ruled(process);
    const auto policy = maps.policy();
    const auto subjects = maps.subjects();
    const auto texts = maps.texts();
    const auto scopes = maps.scopes();
    if (!policy || !subjects || !texts || !scopes)
        return fail(!policy     ? policy.error()
                    : !subjects ? subjects.error()
                    : !texts    ? texts.error()
                                : scopes.error());
    std::vector<Ruled> found;
    for (const auto &[key, record] : *subjects) {
        const auto scope = scopes->find(key.scope);
        const Cgroup in = scope == scopes->end() ? Cgroup{} : scope->second;
        if (key.bank != (policy->now & POLICY_BANK) || key.kind != static_cast<__u32>(*kind) ||
            (which.cgroup && in.path != *which.cgroup) || (which.user && key.user != *which.user))
            continue;
        const auto text = texts->find(record.number);
        const bool same = now && same_process(now->key, key);
        if (!same && (text == texts->end() || text->second != (now ? now->text : process)))
            continue;
        auto ports = maps.ports(record.set);
        if (!ports)
            return fail(ports.error());
        found.push_back({key, record, text == texts->end() ? process : text->second, in, *ports});
    }
    return found;
}

} // namespace pinpipe::ctl
