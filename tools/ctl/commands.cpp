// SPDX-License-Identifier: MIT
#include "tools/ctl/commands.h"

#include "lib/base/output.h"

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

std::string whom(const std::string &process, const std::string &cgroup) {
    const char *separator = process[0] == '-' ? "-- " : "";
    return (cgroup.empty() ? "" : "--cgroup " + shell_word(cgroup) + " ") + separator +
           shell_word(process);
}

Result<uint64_t> cgroup_given(const Parsed &parsed) {
    const std::string *directory = parsed.value(opt_cgroup);
    return directory ? find_cgroup(*directory) : 0;
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
    CgroupPaths cgroups;
    for (const Ruled &ruled : rules.ruled) {
        Subject subject;
        subject.process = {ruled.key, ruled.text};
        subject.process.key.bank = 0;
        subject.cgroup = cgroups.path(ruled.key.cgroup);
        subject.audit = ruled.audit();
        subject.children = ruled.children();
        subject.ports = ruled.ports;
        policy.subjects.push_back(std::move(subject));
    }
    put_in_order(policy);
    return policy;
}

Result<std::vector<Ruled>> find_subjects(const RuleMaps &maps, const std::string &process,
                                         std::optional<uint64_t> cgroup) {
    const auto kind = process_kind(process);
    if (!kind)
        return fail(kind.error());
    const auto now = find_process(process);
    const auto policy = maps.policy();
    const auto subjects = maps.subjects();
    const auto texts = maps.texts();
    if (!policy || !subjects || !texts)
        return fail(!policy ? policy.error() : !subjects ? subjects.error() : texts.error());
    std::vector<Ruled> found;
    for (const auto &[key, record] : *subjects) {
        if (key.bank != (policy->now & POLICY_BANK) || key.kind != static_cast<__u32>(*kind) ||
            (cgroup && key.cgroup != *cgroup))
            continue;
        const auto text = texts->find(record.number);
        const bool same = now && now->key.id[0] == key.id[0] && now->key.id[1] == key.id[1];
        if (!same && (text == texts->end() || text->second != process))
            continue;
        auto ports = maps.ports(record.set);
        if (!ports)
            return fail(ports.error());
        found.push_back({key, record, text == texts->end() ? process : text->second, *ports});
    }
    return found;
}

} // namespace pinpipe::ctl
