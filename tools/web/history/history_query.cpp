// SPDX-License-Identifier: MIT
#include "tools/web/history/history.h"

#include "lib/base/options.h"

#include <algorithm>
#include <ctime>

namespace pinpipe::web {
namespace {

constexpr size_t longest_value = 512;
constexpr unsigned long most_rows = 10'000;
constexpr uint64_t latest = 253'402'300'799'000; // milliseconds: the year 9999

// Converts milliseconds since 1970 to a time for ebpf-store, in whole seconds, rounded up or down.
// Other texts stay unchanged: ebpf-store checks them.
std::string moment(const std::string &text, bool up) {
    const auto ms = parse_number("", text, 0, latest);
    return ms ? utc_seconds(static_cast<int64_t>((*ms + (up ? 999 : 0)) / 1000)) : text;
}

Result<void> check_value(const char *name, const std::string &value) {
    if (value.size() > longest_value || value.find('\0') != value.npos)
        return fail(usage_error(std::string(name) + " is too long"));
    return {};
}

} // namespace

std::string utc_seconds(int64_t seconds) {
    const time_t time = seconds;
    tm fields{};
    gmtime_r(&time, &fields);
    char text[40];
    return {text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

std::optional<int64_t> parse_utc(const std::string &text) {
    tm fields{};
    const char *rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
    if (!rest)
        return {};
    int64_t ms = static_cast<int64_t>(timegm(&fields)) * 1000;
    if (*rest == '.')
        for (int64_t unit = 100; unit && *++rest >= '0' && *rest <= '9'; unit /= 10)
            ms += (*rest - '0') * unit;
    return ms;
}

Result<HistoryQuery> parse_history(const std::function<std::string(const char *name)> &value) {
    HistoryQuery query;
    for (const char *name : {"since", "until", "process", "remote", "port", "proto", "host"}) {
        std::string text = value(name);
        if (auto fine = check_value(name, text); !fine)
            return fail(fine.error());
        if (std::string(name) == "since" || std::string(name) == "until")
            text = moment(text, name[0] == 'u');
        if (!text.empty()) // one word, so text is never taken for an option
            query.arguments.push_back(std::string("--") + name + "=" + text);
    }
    if (const std::string by = value("by"); !by.empty())
        query.by = by;
    query.step = value("step");
    for (const auto &[name, text] : {std::pair("by", query.by), {"step", query.step}})
        if (auto fine = check_value(name, text); !fine)
            return fail(fine.error());
    if (const std::string limit = value("limit"); !limit.empty()) {
        const auto number = parse_number("limit", limit, 1, most_rows);
        if (!number)
            return fail(number.error());
        query.limit = *number;
    }
    const std::string format = value("format");
    if (!format.empty() && format != "json" && format != "csv")
        return fail(usage_error("format takes json or csv"));
    query.csv = format == "csv";
    return query;
}

} // namespace pinpipe::web
