// SPDX-License-Identifier: MIT
#include "tools/ctl/command_line.h"

#include "lib/base/output.h"
#include "lib/base/signals.h"
#include "lib/pins/library_log.h"
#include "lib/system/trusted_path.h"
#include "tools/ctl/commands.h"
#include "tools/ctl/rule_steps.h"
#include "tools/ctl/status.h"

#include <algorithm>
#include <unistd.h>

namespace pinpipe::ctl {
namespace {

constexpr Option options[] = {
    {opt_cgroup, "cgroup", 0, "DIR", "for rules and suggest: only in this cgroup and below it"},
    {opt_user, "user", 0, "USER", "for rules and suggest: only processes of this user"},
    {opt_connect, "connect", 0, nullptr, "allow, revoke: as ports that the process connects to"},
    {opt_serve, "serve", 0, nullptr, "allow, revoke: as ports of its own, that it serves"},
    {opt_to, "to", 0, "REMOTE", "allow, revoke: only with a PREFIX, loopback, lan or internet"},
    {opt_audit, "audit", 0, nullptr, "allow: report what the rules forbid, deny nothing"},
    {opt_children, "children", 0, nullptr,
     "allow: the process's rules hold for its descendants too"},
    {opt_all, "all", 0, nullptr, "revoke: every rule of the process; unwatch: everything"},
    {opt_dry_run, "dry-run", 0, nullptr, "apply: show what would change (- and +), change nothing"},
    {opt_strict, "strict", 0, nullptr, "apply: change nothing if a process or cgroup is not there"},
    {opt_from, "from", 0, "FILE", "suggest: read events from there, not from standard input"},
    {opt_wait, "wait", 0, "SECONDS",
     "wait so long for another change or a load, 0 to 86400 (default 10)"},
    {opt_json, "json", 0, nullptr, "status, rules, watches: as one line of JSON"},
};

} // namespace

const Usage usage = {
    .tool = "ebpf-ctl",
    .synopsis = "ebpf-ctl allow  PORT[-PORT][/tcp|/udp|/both] PROCESS [--connect|--serve]\n"
                "                      [--to REMOTE]... [LIMIT]... [--audit] [--children]\n"
                "       ebpf-ctl allow  none|icmp PROCESS [LIMIT]... [--audit] [--children]\n"
                "       ebpf-ctl revoke PORT[-PORT][/tcp|/udp|/both] PROCESS [--connect|--serve]\n"
                "                      [--to REMOTE]... [LIMIT]...\n"
                "       ebpf-ctl revoke none|icmp PROCESS [LIMIT]...\n"
                "       ebpf-ctl revoke --all PROCESS [LIMIT]...\n"
                "       ebpf-ctl audit  on|off [PROCESS] [LIMIT]...\n"
                "       ebpf-ctl children on|off PROCESS [LIMIT]...\n"
                "       ebpf-ctl rules  [--json]\n"
                "       ebpf-ctl apply  [--dry-run] [--strict] FILE\n"
                "       ebpf-ctl export\n"
                "       ebpf-ctl suggest PROCESS [LIMIT]... [--from FILE]\n"
                "       ebpf-ctl watch  PORT[-PORT][/tcp|/udp|/both] [PROCESS]\n"
                "       ebpf-ctl unwatch PORT[-PORT][/tcp|/udp|/both] [PROCESS]\n"
                "       ebpf-ctl unwatch --all\n"
                "       ebpf-ctl watches [--json]\n"
                "       ebpf-ctl status [--json]",
    .summary =
        "Set which ports a process may use and of which ports packets are counted, and show\n"
        "what is loaded. In the cgroups that were loaded, a process with rules may use the\n"
        "ports of its rules and no others; a process without rules may use all. Packets of a\n"
        "watched port are counted on the interfaces that were loaded.\n"
        "PROCESS is a process's name, an absolute path of an executable, pid:N, or, with a LIMIT,\n"
        "any: every process of the cgroup or user. LIMIT is --cgroup DIR or --user USER.",
    .options = options,
    .closing =
        "The admin group changes rules and watches, the read group sees them. See ebpf-ctl(8).",
};

namespace {

Result<void> status(const Parsed &parsed) {
    // Rules that were changed only in part count as well; without rules there is nothing to finish.
    static_cast<void>(open_to_show(Pins(parsed.pin_root), say));
    const auto gathered = gather_status(parsed.pin_root);
    if (!gathered)
        return fail(gathered.error());
    return print(parsed.has(opt_json) ? status_json(*gathered) : status_text(*gathered));
}

struct Subcommand {
    const char *name;
    Result<void> (*run)(const Parsed &parsed);
    size_t least, most; // operands
    const char *needs;  // what they are, for the error
    std::vector<int> options;
};

const Subcommand subcommands[] = {
    {"allow",
     allow,
     2,
     2,
     "PORT and PROCESS",
     {opt_cgroup, opt_user, opt_connect, opt_serve, opt_to, opt_audit, opt_children, opt_wait}},
    {"revoke",
     revoke,
     1,
     2,
     "PORT and PROCESS, or --all PROCESS",
     {opt_cgroup, opt_user, opt_connect, opt_serve, opt_to, opt_all, opt_wait}},
    {"audit", audit, 1, 2, "on or off", {opt_cgroup, opt_user, opt_wait}},
    {"children", children, 2, 2, "on or off, and PROCESS", {opt_cgroup, opt_user, opt_wait}},
    {"rules", rules, 0, 0, "", {opt_json}},
    {"apply", apply, 1, 1, "FILE", {opt_dry_run, opt_strict, opt_wait}},
    {"export", export_rules, 0, 0, "", {}},
    {"suggest", suggest, 1, 1, "PROCESS", {opt_cgroup, opt_user, opt_from}},
    {"watch", watch, 1, 2, "PORT", {opt_wait}},
    {"unwatch", unwatch, 0, 2, "PORT, or --all", {opt_all, opt_wait}},
    {"watches", watches, 0, 0, "", {opt_json}},
    {"status", status, 0, 0, "", {opt_json}},
};

Error misused(std::string text) {
    return usage_error(std::move(text)).with_hint("ebpf-ctl --help");
}

const char *name_of(int id) {
    for (const Option &option : options)
        if (option.id == id)
            return option.name;
    return "";
}

Result<void> run_one(const Subcommand &subcommand, const Parsed &parsed) {
    const std::string name = subcommand.name;
    const size_t given = parsed.operands.size() - 1;
    if (given < subcommand.least)
        return fail(misused(name + " needs " + subcommand.needs));
    if (given > subcommand.most)
        return fail(misused("unexpected argument '" + parsed.operands[subcommand.most + 1] + "'"));
    for (const Parsed::Given &option : parsed.options)
        if (std::find(subcommand.options.begin(), subcommand.options.end(), option.id) ==
            subcommand.options.end())
            return fail(misused(name + " has no option --" + name_of(option.id)));
    return subcommand.run(parsed);
}

} // namespace

Result<void> run(int argc, char **argv) {
    auto parsed = parse_options(argc, argv, usage);
    if (!parsed)
        return fail(parsed.error());
    if (const auto answered = answer_common(*parsed, usage); !answered || *answered)
        return answered ? Result<void>() : fail(answered.error());
    catch_stop_signals();
    set_library_log(parsed->verbose);
    if (geteuid() == 0) { // root follows no path that others can change
        auto pin_root = trusted_path(parsed->pin_root);
        if (!pin_root)
            return fail(pin_root.error());
        parsed->pin_root = std::move(*pin_root);
    }
    const std::string name = parsed->operands.empty() ? "" : parsed->operands[0];
    for (const Subcommand &subcommand : subcommands)
        if (name == subcommand.name)
            return run_one(subcommand, *parsed);
    return fail(misused(name.empty() ? "no command given" : "no command '" + name + "'"));
}

} // namespace pinpipe::ctl
