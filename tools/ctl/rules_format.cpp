// SPDX-License-Identifier: MIT
#include "tools/ctl/rules_status.h"

#include "lib/base/error.h"
#include "lib/base/text_table.h"
#include "tools/ctl/json_writer.h"
#include "tools/ctl/local_time.h"

#include <algorithm>

namespace pinpipe::ctl {
namespace {

enum : size_t { process, cgroup, user, mode, proto, ports, hits, denied, audited, last, columns };
using Row = std::vector<std::string>;

const char *rule_mode_text(const RulesStatus &status, const SubjectStatus &subject) {
    return status.audit || subject.audit ? "audit" : "deny";
}

std::string range_of(const RangeStatus &range) {
    return range_text(range.range) +
           (range.sides == both_sides ? "" : std::string(" ") + side_word(range.sides)) +
           (range.to.empty() ? "" : " to " + range.to);
}

std::string cgroup_text(const Cgroup &cgroup) {
    if (cgroup.path.empty())
        return "all";
    return printable(cgroup.shown) + (cgroup.id ? "" : " (not there)");
}

// A row for each range of ports; the first one has what is said of the subject.
void add_rows(std::vector<Row> &rows, const RulesStatus &status, const SubjectStatus &subject) {
    Row row(columns);
    row[process] = printable(subject.text) + (subject.children ? " + children" : "") +
                   (subject.current ? "" : " (!)");
    row[cgroup] = cgroup_text(subject.cgroup);
    row[user] = subject.user.empty() ? "all" : printable(subject.user);
    row[mode] = rule_mode_text(status, subject);
    row[denied] = std::to_string(subject.denied);
    row[audited] = std::to_string(subject.audited);
    row[last] = subject.last ? local_time(subject.last / 1'000'000) : "-";
    const auto add = [&](const char *of, const std::string &what, const std::string &count) {
        row[proto] = of;
        row[ports] = what;
        row[hits] = count;
        rows.push_back(row);
        row.assign(columns, "");
    };
    for (const RangeStatus &range : subject.ranges)
        add(proto_names[range.proto], range_of(range), std::to_string(range.hits));
    if (subject.icmp)
        add("icmp", "-", std::to_string(subject.icmp_hits));
    if (subject.none)
        add("-", "none", "-");
    else if (subject.ranges.empty() && !subject.icmp)
        add("-", "-", "-");
}

const char *why_not_current(const SubjectStatus &subject) {
    if (subject.key.kind != SUBJECT_PID)
        return "another file, or none, is there now; the rule is for the earlier one";
    return subject.children ? "this process has ended; what it started keeps the rule"
                            : "this process has ended";
}

void add_warnings(std::string &out, const RulesStatus &status) {
    for (const SubjectStatus &subject : status.subjects)
        if (!subject.current)
            out += "(!) " + printable(subject.text) + ": " + why_not_current(subject) + "\n";
}

void write_range(JsonWriter &w, const RangeStatus &range) {
    w.StartObject();
    w.Key("proto"), w.String(proto_names[range.proto]);
    w.Key("first"), w.Uint(range.range.first);
    w.Key("last"), w.Uint(range.range.last);
    w.Key("side"), w.String(side_word(range.sides));
    if (!range.to.empty())
        write_string(w, "to", range.to);
    w.Key("hits"), w.Uint64(range.hits);
    w.EndObject();
}

void write_subject(JsonWriter &w, const RulesStatus &status, const SubjectStatus &subject) {
    w.StartObject();
    write_string(w, "process", subject.text);
    w.Key("kind"), w.String(kind_text(subject.key.kind));
    if (!subject.cgroup.path.empty()) {
        write_string(w, "cgroup", subject.cgroup.shown);
        w.Key("cgroup_present"), w.Bool(subject.cgroup.id != 0);
        if (subject.cgroup.id)
            write_string(w, "cgroup_id", std::to_string(subject.cgroup.id));
    }
    if (!subject.user.empty())
        write_string(w, "user", subject.user);
    w.Key("mode"), w.String(rule_mode_text(status, subject));
    w.Key("children"), w.Bool(subject.children);
    w.Key("none"), w.Bool(subject.none);
    w.Key("icmp"), w.Bool(subject.icmp);
    if (subject.icmp)
        w.Key("icmp_hits"), w.Uint64(subject.icmp_hits);
    w.Key("current"), w.Bool(subject.current);
    w.Key("denied"), w.Uint64(subject.denied);
    w.Key("audited"), w.Uint64(subject.audited);
    if (subject.last)
        w.Key("last"), w.Uint64(subject.last / 1000);
    w.Key("rules"), w.StartArray();
    for (const RangeStatus &range : subject.ranges)
        write_range(w, range);
    w.EndArray();
    w.EndObject();
}

} // namespace

std::string rules_text(const RulesStatus &status) {
    std::string out = status.audit ? "audit of all is on: nothing is denied\n" : "";
    if (status.subjects.empty())
        return out + "no rules: every process may use any port\n";
    std::vector<Row> rows;
    for (const SubjectStatus &subject : status.subjects)
        add_rows(rows, status, subject);
    std::vector<TextColumn> titles = {{"process"},
                                      {"cgroup"},
                                      {"user"},
                                      {"mode"},
                                      {"proto"},
                                      {"ports"},
                                      {"hits", Align::right},
                                      {"denied", Align::right},
                                      {"audited", Align::right},
                                      {"last denial"}};
    if (std::none_of(status.subjects.begin(), status.subjects.end(),
                     [](const SubjectStatus &subject) { return !subject.user.empty(); })) {
        titles.erase(titles.begin() + user);
        for (Row &row : rows)
            row.erase(row.begin() + user);
    }
    out += text_table(titles, rows);
    add_warnings(out, status);
    return out;
}

std::string rules_json(const RulesStatus &status) {
    rapidjson::StringBuffer buffer;
    JsonWriter w(buffer);
    w.StartArray();
    for (const SubjectStatus &subject : status.subjects)
        write_subject(w, status, subject);
    w.EndArray();
    return line_of(buffer);
}

} // namespace pinpipe::ctl
