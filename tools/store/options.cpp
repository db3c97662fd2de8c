// SPDX-License-Identifier: MIT
#include "tools/store/options.h"

#include "tools/store/database_layout.h"
#include "tools/store/time_text.h"

#include <pwd.h>

namespace pinpipe::store {
namespace {

enum : int {
    opt_keep_raw = own_options,
    opt_keep,
    opt_by,
    opt_since,
    opt_until,
    opt_process,
    opt_exe,
    opt_remote,
    opt_port,
    opt_proto,
    opt_host,
    opt_user,
    opt_cgroup,
    opt_top,
    opt_interval,
    opt_format
};

constexpr Option options[] = {
    {opt_keep_raw, "keep-raw", 0, "AGE", "keep single lines so long, then sums (default: 24h)"},
    {opt_keep, "keep", 0, "AGE", "keep anything so long (default: for ever)"},
    {opt_by, "by", 0, "WHAT", "process (default), exe, remote, port, proto, host, user or cgroup"},
    {opt_since, "since", 0, "WHEN", "from then on: 24h, 7d, today, 2026-11-20, '2026-11-20 14:30'"},
    {opt_until, "until", 0, "WHEN", "before then"},
    {opt_process, "process", 0, "NAME", "only of processes of this name"},
    {opt_exe, "exe", 0, "PATH", "only of this executable"},
    {opt_remote, "remote", 0, "ADDR[/LEN]", "only to and from these addresses"},
    {opt_port, "port", 0, "N[-N]", "only to and from these remote ports"},
    {opt_proto, "proto", 0, "PROTO", "only of this protocol"},
    {opt_host, "host", 0, "NAME", "only of this machine"},
    {opt_user, "user", 0, "USER", "only of this user, by name or number"},
    {opt_cgroup, "cgroup", 0, "ID", "only of this cgroup"},
    {opt_top, "top", 'n', "N", "only the N largest (default: table 20, json and csv all)"},
    {opt_interval, "interval", 'i', "TIME",
     "a row for each 15m, 1h, 1d ...; with --by, for each of both"},
    {opt_format, "format", 0, "FORMAT", "table, json or csv (default: table)"},
};

constexpr std::pair<const char *, Command> commands[] = {{"report", Command::report},
                                                         {"prune", Command::prune},
                                                         {"export", Command::export_all},
                                                         {"check", Command::check}};

constexpr std::pair<const char *, By> bys[] = {
    {"process", By::process}, {"exe", By::exe},   {"remote", By::remote}, {"port", By::port},
    {"proto", By::proto},     {"host", By::host}, {"user", By::user},     {"cgroup", By::cgroup}};

// Assigns the value of a Result, or returns its error.
template <class T, class To> Result<void> set(To &to, Result<T> value) {
    if (!value)
        return fail(value.error());
    to = std::move(*value);
    return {};
}

Result<By> parse_by(const std::string &text) {
    for (const auto &[name, by] : bys)
        if (text == name)
            return by;
    return fail(usage_error("--by takes process, exe, remote, port, proto, host, user or cgroup, "
                            "not '" +
                            text + "'"));
}

Result<Format> parse_format(const std::string &text) {
    if (text != "table" && text != "json" && text != "csv")
        return fail(usage_error("--format takes table, json or csv, not '" + text + "'"));
    return text == "table" ? Format::table : text == "json" ? Format::json : Format::csv;
}

Result<std::pair<int64_t, int64_t>> parse_ports(const std::string &text) {
    const size_t dash = text.find('-');
    const auto first = parse_number("--port", text.substr(0, dash), 0, 65535);
    if (!first)
        return fail(first.error());
    const auto last =
        dash == text.npos ? first : parse_number("--port", text.substr(dash + 1), *first, 65535);
    if (!last)
        return fail(last.error());
    return std::pair(static_cast<int64_t>(*first), static_cast<int64_t>(*last));
}

// Intervals of a day and more are whole days, since they follow the calendar.
Result<int64_t> parse_interval(const std::string &text) {
    auto length = parse_duration("--interval", text);
    if (length && *length > level_unit[day] && *length % level_unit[day])
        return fail(usage_error("--interval takes whole days above 24h, not '" + text + "'"));
    return length;
}

Result<int64_t> parse_user(const std::string &text) {
    if (const auto number = parse_number("--user", text, 0, UINT32_MAX))
        return static_cast<int64_t>(*number);
    const passwd *user = getpwnam(text.c_str());
    if (!user)
        return fail(usage_error("--user: no user '" + text + "' here; numbers are taken too"));
    return static_cast<int64_t>(user->pw_uid);
}

Result<void> take_keep(Request &request, const Parsed::Given &given) {
    const bool is_raw = given.id == opt_keep_raw;
    const auto age = parse_duration(is_raw ? "--keep-raw" : "--keep", given.value);
    if (!age)
        return fail(age.error());
    if (is_raw)
        request.keep.raw = *age;
    else
        request.keep.all = *age;
    request.keep_raw_given = request.keep_raw_given || is_raw;
    return {};
}

Result<void> take_report(Request &request, const Parsed::Given &given, int64_t now) {
    const std::string &value = given.value;
    Filter &filter = request.filter;
    switch (given.id) {
    case opt_by: return set(request.by, parse_by(value));
    case opt_since: return set(request.since, parse_moment("--since", value, now));
    case opt_until: return set(request.until, parse_moment("--until", value, now));
    case opt_process: filter.process = value; return {};
    case opt_exe: filter.exe = value; return {};
    case opt_remote: return set(filter.remote, parse_prefix(value));
    case opt_port: return set(filter.ports, parse_ports(value));
    case opt_proto: filter.proto = value; return {};
    case opt_host: filter.host = value; return {};
    case opt_user: return set(filter.user, parse_user(value));
    case opt_cgroup: filter.cgroup = value; return {};
    case opt_top: return set(request.top, parse_number("-n", value, 1, 1'000'000));
    case opt_interval: return set(request.interval, parse_interval(value));
    case opt_format: return set(request.format, parse_format(value));
    }
    return {};
}

bool takes(Command command, int option) {
    const bool of_keeping = option == opt_keep || option == opt_keep_raw;
    if (of_keeping)
        return command == Command::ingest || command == Command::prune;
    return command == Command::report;
}

Error misused(std::string text) {
    return usage_error(std::move(text)).with_hint("ebpf-store --help");
}

} // namespace

const Usage usage = {
    .tool = "ebpf-store",
    .synopsis = "ebpf-read usage | ebpf-store [options] DB\n"
                "       ebpf-store report DB [options]\n"
                "       ebpf-store prune DB --keep AGE\n"
                "       ebpf-store export DB\n"
                "       ebpf-store check DB",
    .summary = "Keep what is on standard input in an SQLite database, and answer from it who sent\n"
               "and received how much, and when. An AGE is 30m, 24h, 7d or 2w.",
    .options = options,
    .closing = "A database named like a command: ebpf-store ./report. See ebpf-store(1).",
};

const char *name_of(By wanted) {
    for (const auto &[name, by] : bys)
        if (by == wanted)
            return name;
    return "";
}

Result<Request> read_request(const Parsed &parsed, int64_t now) {
    Request request;
    request.verbose = parsed.verbose;
    size_t at = 0;
    for (const auto &[name, command] : commands)
        if (!parsed.operands.empty() && parsed.operands[0] == name) {
            request.command = command;
            at = 1;
        }
    if (parsed.operands.size() <= at)
        return fail(misused("which database?"));
    if (parsed.operands.size() > at + 1)
        return fail(misused("unexpected argument '" + parsed.operands[at + 1] + "'"));
    request.database = parsed.operands[at];
    if (request.database.empty())
        return fail(misused("which database?"));
    for (const Parsed::Given &given : parsed.options) {
        if (!takes(request.command, given.id)) {
            for (const Option &option : options)
                if (option.id == given.id)
                    return fail(misused(std::string("--") + option.name + " is not for this"));
        }
        auto taken = given.id == opt_keep || given.id == opt_keep_raw
                         ? take_keep(request, given)
                         : take_report(request, given, now);
        if (!taken)
            return fail(std::move(taken.error()).with_hint("ebpf-store --help"));
    }
    if (request.command == Command::prune && !request.keep.all && !request.keep_raw_given)
        return fail(misused("prune needs --keep AGE or --keep-raw AGE"));
    if (request.since && request.until && *request.since >= *request.until)
        return fail(misused("--since is not before --until"));
    if (request.interval && !parsed.has(opt_by))
        request.by = By::nothing;
    if (request.format == Format::table && !request.top)
        request.top = 20;
    return request;
}

} // namespace pinpipe::store
