// SPDX-License-Identifier: MIT
#include "tools/ctl/suggest.h"

#include "lib/base/line_splitter.h"
#include "lib/base/options.h"
#include "lib/base/signals.h"
#include "lib/rules/remote_list.h"
#include "tools/ctl/commands.h"
#include "tools/ctl/rule_command.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <utility>

namespace pinpipe::ctl {
namespace {

constexpr size_t longest_line = size_t{1} << 20;
constexpr size_t remote_words = 3; // all of them: every remote end

// Both ends of a connection, as its events have them.
std::string ends_of(const SeenEvent &event) {
    return std::to_string(event.number<"local_port">()) + " " +
           std::string(event.text<"remote_ip">()) + " " +
           std::to_string(event.number<"remote_port">());
}

std::string counted(uint64_t count, const char *one, const char *many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Calls take for each line; a line that is too long is cut.
Result<void> each_line(const Fd &file, const std::string &name,
                       const std::function<void(std::string_view)> &take) {
    LineSplitter lines(longest_line);
    const auto cut_or_not = [&](std::string_view line, bool) { take(line); };
    char part[65536];
    while (!stop_requested()) {
        const ssize_t count = read(file.get(), part, sizeof part);
        if (count < 0 && errno != EINTR)
            return fail(system_error("read " + name, errno));
        if (count == 0)
            break;
        lines.feed({part, count > 0 ? static_cast<size_t>(count) : 0}, cut_or_not);
    }
    lines.end(cut_or_not);
    return {};
}

} // namespace

Result<Wanted> wanted_process(const std::string &text, const Limits &limits) {
    const auto kind = ruled_kind(text);
    if (!kind)
        return fail(kind.error());
    if (auto limited = require_limit(text, limits); !limited)
        return fail(limited.error());
    Wanted wanted{*kind, text, limits.cgroup.path, limits.cgroup.shown, limits.user, 0, {}};
    if (*kind == SUBJECT_NAME)
        wanted.text = find_process(text)->text;
    if (*kind == SUBJECT_PID) // the process may have ended
        wanted.pid = *parse_number("pid:N", text.substr(text.find(':') + 1), 1, INT32_MAX);
    if (*kind != SUBJECT_EXE)
        return wanted;
    const auto file = find_process(text);
    if (!file)
        return fail(file.error());
    wanted.has_executable = [key = file->key](uint64_t pid) {
        const auto now = find_process("/proc/" + std::to_string(pid) + "/exe");
        return now && std::memcmp(now->key.id, key.id, sizeof key.id) == 0;
    };
    return wanted;
}

bool Suggestions::is_wanted(std::string_view comm, uint64_t pid) {
    if (wanted_.kind == SUBJECT_ANY)
        return true;
    if (wanted_.kind == SUBJECT_NAME)
        return name_text(std::string(comm)) == wanted_.text;
    if (wanted_.kind == SUBJECT_PID)
        return pid == wanted_.pid;
    const auto [known, fresh] = executables_.try_emplace(pid, false);
    if (fresh)
        known->second = pid && wanted_.has_executable(pid);
    return known->second;
}

bool Suggestions::is_in_cgroup(const std::string &id) {
    const auto [known, fresh] = in_cgroup_.try_emplace(id, false);
    uint64_t number = 0;
    if (fresh && std::from_chars(id.data(), id.data() + id.size(), number).ec == std::errc()) {
        const std::string path = cgroups_.path(number);
        known->second = !path.empty() && is_within(path, wanted_.cgroup);
    }
    return known->second;
}

bool Suggestions::is_of_user(const SeenEvent &event) const {
    return !wanted_.user || (event.number<"pid">() && event.number<"uid">() + 1 == wanted_.user);
}

void Suggestions::take(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == line.npos)
        return;
    const SeenEvent *const event = parser_.parse(line);
    if (!event || event->text<"event_type">().empty()) {
        bad_++;
        return;
    }
    const std::string_view type = event->text<"event_type">();
    if (type != "deny" && type != "conn")
        return;
    events_++;
    if (!wanted_.cgroup.empty() && !is_in_cgroup(std::string(event->text<"cgroup_id">())))
        return;
    if (!is_of_user(*event))
        return;
    if (event->text<"rule">() != wanted_.text &&
        !is_wanted(event->text<"comm">(), event->number<"pid">()))
        return;
    matched_++;
    const NeededRule rule = needed_rule_of(*event);
    const uint64_t times = 1 + event->number<"suppressed">();
    if (rule.proto == RULE_ICMP)
        icmp_ += times;
    else if (!rule.proto)
        hopeless_[std::string(event->text<"proto">())] += times;
    else if (!rule.port)
        portless_++;
    else if (type == "deny" || is_fresh(*event))
        add(rule, times);
}

// An event whose side is not known counts once.
void Suggestions::add(const NeededRule &rule, uint64_t times) {
    for (unsigned side = 0; side < rule_sides; side++) {
        if (!(rule.sides >> side & 1))
            continue;
        Seen &seen = seen_[*rule.proto][side][rule.port];
        seen.times += std::exchange(times, 0);
        seen.remotes.emplace(rule.to);
    }
}

// The ports that were seen, each with the least remote ends that take in all that were seen.
PortSet Suggestions::set_of(unsigned proto) const {
    PortSet set;
    for (unsigned side = 0; side < rule_sides; side++) {
        for (const auto &[port, seen] : seen_[proto][side]) {
            PortRule rule{{port, port}, 1U << proto, 1U << side};
            if (!seen.remotes.contains("") && seen.remotes.size() < remote_words)
                rule.to = *remote_list({seen.remotes.begin(), seen.remotes.end()});
            set.add(rule);
        }
    }
    return set;
}

uint64_t Suggestions::times(unsigned proto, const PortRule &rule) const {
    uint64_t all = 0;
    for (unsigned side = 0; side < rule_sides; side++)
        for (unsigned port = rule.range.first; port <= rule.range.last; port++)
            if (const auto at = seen_[proto][side].find(static_cast<uint16_t>(port));
                (rule.sides >> side & 1) && at != seen_[proto][side].end())
                all += at->second.times;
    return all;
}

// Whether this event of conn is the first that was seen of its connection.
bool Suggestions::is_fresh(const SeenEvent &event) {
    const std::string ends = ends_of(event);
    if (event.text<"action">() == "close")
        return open_.erase(ends) == 0;
    if (event.text<"reason">().empty()) // else it failed, and has no other event
        open_.insert(ends);
    return true;
}

std::string Suggestions::commands() const {
    const std::string who = whom(wanted_.text, wanted_.shown, user_text(wanted_.user));
    std::string text;
    for (unsigned proto = 0; proto < rule_protos; proto++)
        for (const PortRule &rule : set_of(proto).rules(proto))
            text +=
                "ebpf-ctl allow " + ports_text(rule) + " " +
                (rule.sides == both_sides ? "" : std::string("--") + side_word(rule.sides) + " ") +
                (rule.to.empty() ? "" : "--to " + rule.to + " ") + who + "   # seen " +
                counted(times(proto, rule), "time", "times") + "\n";
    if (icmp_)
        text +=
            "ebpf-ctl allow icmp " + who + "   # seen " + counted(icmp_, "time", "times") + "\n";
    return text;
}

std::vector<std::string> Suggestions::remarks() const {
    std::vector<std::string> remarks;
    if (bad_)
        remarks.push_back(counted(bad_, "line is", "lines are") + " no event: passed over");
    for (const auto &[proto, times] : hopeless_)
        remarks.push_back("no rule can allow " + (proto.empty() ? "that" : proto) + ": seen " +
                          counted(times, "time", "times"));
    if (portless_)
        remarks.push_back(counted(portless_, "event has", "events have") + " no port: passed over");
    if (!matched_)
        remarks.push_back("nothing of " + wanted_.text + " in " +
                          counted(events_, "event", "events") + " of deny and conn");
    return remarks;
}

Result<void> suggest(const Parsed &parsed) {
    const auto limits = limits_given(parsed);
    if (!limits)
        return fail(limits.error());
    auto wanted = wanted_process(parsed.operands[1], *limits);
    if (!wanted)
        return fail(wanted.error());
    const std::string *from = parsed.value(opt_from);
    const std::string name = from ? *from : "standard input";
    const bool standard = !from || *from == "-";
    const Fd file(standard ? dup(STDIN_FILENO) : open(from->c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
        return fail(system_error("open " + name, errno));
    Suggestions suggestions(std::move(*wanted));
    const auto read = each_line(file, name, [&](std::string_view line) { suggestions.take(line); });
    if (!read)
        return fail(read.error());
    if (auto printed = print(suggestions.commands()); !printed)
        return printed;
    for (const std::string &remark : suggestions.remarks())
        say(remark);
    return {};
}

} // namespace pinpipe::ctl
