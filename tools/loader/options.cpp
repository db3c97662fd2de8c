// SPDX-License-Identifier: MIT
#include "tools/loader/options.h"

#include <cstdio>

namespace pinpipe::loader {
namespace {

enum : int {
    opt_xdp = own_options,
    opt_cgroup,
    opt_sockets,
    opt_probe,
    opt_payload,
    opt_watch,
    opt_unload,
    opt_check,
    opt_json,
    opt_replace,
    opt_group,
    opt_admin_group,
    opt_readers,
    opt_ring_size,
    opt_netns,
    opt_wait
};

constexpr Option all_options[] = {
    {opt_xdp, "xdp", 0, "IFACE[:MODE]",
     "ICMP received on IFACE; MODE: native or generic (repeatable)"},
    {opt_netns, "netns", 0, "NAME|PID|PATH", "the network namespace of all IFACEs; pins stay here"},
    {opt_cgroup, "cgroup", 0, "DIR",
     "rules for processes in this cgroup: see ebpf-ctl (repeatable)"},
    {opt_sockets, "sockets", 0, nullptr, "what each process sends and receives, on all sockets"},
    {opt_probe, "probe", 0, "KIND",
     "fentry, tracepoint or kprobe probes of sockets (default: best granted)"},
    {opt_payload, "payload", 0, "BYTES",
     "bytes of each message that readers may see, 0 to 2000 (default 0)"},
    {opt_watch, "watch", 0, "PORT[:PROCESS]",
     "count packets of PORT (/tcp, /udp), while PROCESS has it (repeatable)"},
    {opt_replace, "replace", 0, nullptr, "detach another XDP program that is in the way"},
    {opt_group, "group", 0, "NAME", "who may read (default: ebpf if there is such a group)"},
    {opt_admin_group, "admin-group", 0, "NAME",
     "who may edit rules (default: ebpf-admin if there is such a group)"},
    {opt_wait, "wait", 0, "SECONDS",
     "wait for other loads and changes of rules, 0 to 86400 (default 10)"},
    {opt_readers, "readers", 0, "N", "readers at the same time, 1 to 32 (default 8)"},
    {opt_ring_size, "ring-size", 0, "BYTES",
     "size of each reader's ring, a power of two (default 2097152)"},
    {opt_unload, "unload", 0, nullptr,
     "detach and unpin these --xdp, --cgroup and --sockets, or everything"},
    {opt_check, "check", 0, nullptr, "report what this machine can do; needs no root"},
    {opt_json, "json", 0, nullptr, "--check as JSON"},
};

Result<XdpRequest> parse_xdp(const std::string &text) {
    XdpRequest request;
    const size_t colon = text.rfind(':');
    request.interface = text.substr(0, colon);
    if (colon != std::string::npos) {
        const std::string mode = text.substr(colon + 1);
        if (mode != "native" && mode != "generic")
            return fail(usage_error("--xdp " + text + ": the mode is native or generic"));
        request.mode = mode == "native" ? Mode::native : Mode::generic;
    }
    if (request.interface.empty() || request.interface.size() > 15)
        return fail(usage_error("--xdp '" + text + "': no name of an interface"));
    return request;
}

Result<void> add_xdp(Command &command, const std::string &text) {
    auto request = parse_xdp(text);
    if (!request)
        return fail(request.error());
    for (XdpRequest &earlier : command.xdp) {
        if (earlier.interface != request->interface)
            continue;
        if (earlier.mode == request->mode)
            return {};
        return fail(usage_error("--xdp " + request->interface + " is given in two modes"));
    }
    command.xdp.push_back(std::move(*request));
    return {};
}

Result<void> take_setting(Settings &settings, const Parsed::Given &given) {
    switch (given.id) {
    case opt_payload: {
        auto bytes = parse_number("--payload", given.value, 0, PAYLOAD_MAX);
        if (!bytes)
            return fail(bytes.error());
        settings.payload = static_cast<uint32_t>(*bytes);
        return {};
    }
    case opt_group: {
        auto group = parse_group(given.value);
        if (!group)
            return fail(group.error());
        settings.group = *group;
        return {};
    }
    case opt_admin_group: {
        auto group = parse_group(given.value);
        if (!group)
            return fail(group.error());
        settings.admins = *group;
        return {};
    }
    case opt_readers: {
        auto readers = parse_number("--readers", given.value, 1, MAX_READERS);
        if (!readers)
            return fail(readers.error());
        settings.readers = static_cast<uint32_t>(*readers);
        return {};
    }
    case opt_ring_size: {
        auto size = parse_number("--ring-size", given.value, least_ring_size, most_ring_size);
        if (!size)
            return fail(size.error());
        if (*size & (*size - 1))
            return fail(usage_error("--ring-size takes a power of two, not " + given.value));
        settings.ring_size = static_cast<uint32_t>(*size);
        return {};
    }
    }
    return {};
}

Result<void> take(Command &command, const Parsed::Given &given) {
    switch (given.id) {
    case opt_xdp: return add_xdp(command, given.value);
    case opt_probe:
        command.probe = parse_probe_kind(given.value);
        if (!command.probe)
            return fail(usage_error("--probe takes fentry, kprobe or tracepoint, not '" +
                                    given.value + "'"));
        return {};
    case opt_watch: {
        auto request = parse_watch(given.value);
        if (!request)
            return fail(request.error());
        command.watches.push_back(std::move(*request));
        return {};
    }
    case opt_cgroup:
        if (given.value.empty())
            return fail(usage_error("--cgroup needs a directory"));
        command.cgroups.push_back(given.value);
        return {};
    case opt_sockets: command.sockets = true; return {};
    case opt_unload: command.action = Action::unload; return {};
    case opt_check: command.action = Action::check; return {};
    case opt_json: command.json = true; return {};
    case opt_replace: command.replace = true; return {};
    case opt_netns:
        command.netns = given.value;
        if (given.value.empty())
            return fail(usage_error("--netns needs a name, a pid or a path"));
        return {};
    case opt_wait: {
        auto wait = parse_lock_wait(given.value);
        if (!wait)
            return fail(wait.error());
        command.wait.most = *wait;
        return {};
    }
    default: return take_setting(command.settings, given);
    }
}

Result<void> agree(const Parsed &parsed, const Command &command) {
    const auto wrong = [](const char *text) {
        return fail(usage_error(text).with_hint("ebpf-load --help"));
    };
    if (!parsed.operands.empty())
        return wrong(("unexpected argument '" + parsed.operands[0] + "'").c_str());
    if (parsed.has(opt_unload) && parsed.has(opt_check))
        return wrong("--unload and --check exclude each other");
    if (command.json && command.action != Action::check)
        return wrong("--json goes with --check");
    if (command.action == Action::load && command.xdp.empty() && command.cgroups.empty() &&
        !command.sockets && command.watches.empty())
        return wrong("nothing to load: give --xdp IFACE, --cgroup DIR, --sockets or --watch PORT");
    if (command.action != Action::load && !command.watches.empty())
        return wrong("--watch goes with loading");
    if (command.probe && !(command.action == Action::load && command.sockets))
        return wrong("--probe goes with loading --sockets");
    const Settings &s = command.settings;
    if (command.action != Action::load &&
        (s.group || s.admins || s.readers || s.ring_size || command.replace))
        return wrong(
            "--group, --admin-group, --readers, --ring-size and --replace go with loading");
    if (parsed.has(opt_wait) && command.action == Action::check)
        return wrong("--wait goes with loading and unloading");
    if (s.payload && !(command.action == Action::load && command.sockets))
        return wrong("--payload goes with loading --sockets");
    if (command.action == Action::check && (!command.xdp.empty() || !command.cgroups.empty() ||
                                            !command.netns.empty() || command.sockets))
        return wrong("--check takes no --xdp, no --cgroup, no --sockets and no --netns");
    if (command.action == Action::unload && !command.netns.empty() && command.xdp.empty())
        return wrong("--unload --netns needs --xdp IFACE");
    return {};
}

} // namespace

const Usage usage = {
    .tool = "ebpf-load",
    .synopsis = "ebpf-load [--xdp IFACE[:native|:generic]]... [--cgroup DIR]... [--sockets]\n"
                "                 [--watch PORT[/tcp|/udp][:PROCESS]]... [options]\n"
                "       ebpf-load --unload [--xdp IFACE]... [--cgroup DIR|ID]... [--sockets]\n"
                "       ebpf-load --check [--json]",
    .summary =
        "Load, attach and pin eBPF programs, and leave. Adds to what is loaded; the same command\n"
        "again changes nothing.",
    .options = all_options,
    .closing = "Readers then need no root: see ebpf-load(8), ebpf-read(1).",
};

std::string same_place(const Command &command) {
    return pin_root_option(command.pin_root) +
           (command.netns.empty() ? "" : " --netns " + command.netns);
}

Result<Command> read_command(const Parsed &parsed) {
    Command command;
    command.wait.tool = usage.tool;
    command.wait.say = [](const std::string &text) {
        std::fprintf(stderr, "%s: %s\n", usage.tool, printable(text).c_str());
    };
    command.pin_root = parsed.pin_root;
    command.verbose = parsed.verbose;
    for (const Parsed::Given &given : parsed.options)
        if (auto taken = take(command, given); !taken)
            return fail(taken.error());
    if (auto agreed = agree(parsed, command); !agreed)
        return fail(agreed.error());
    return command;
}

} // namespace pinpipe::loader
