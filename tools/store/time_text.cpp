// SPDX-License-Identifier: MIT
#include "tools/store/time_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace pinpipe::store {
namespace {

constexpr int64_t second = 1'000'000;
constexpr int64_t day_seconds = 86400;

bool same(const tm &a, const tm &b) {
    return a.tm_year == b.tm_year && a.tm_mon == b.tm_mon && a.tm_mday == b.tm_mday &&
           a.tm_hour == b.tm_hour && a.tm_min == b.tm_min && a.tm_sec == b.tm_sec;
}

// Seconds since 1970. Of two moments with the same local time, the first.
time_t from_local(const tm &wanted) {
    tm any = wanted;
    any.tm_isdst = -1;
    time_t best = mktime(&any);
    for (const int dst : {0, 1}) {
        tm guess = wanted, back{};
        guess.tm_isdst = dst;
        const time_t time = mktime(&guess);
        if (time < best && localtime_r(&time, &back) && same(back, wanted))
            best = time;
    }
    return best;
}

tm local(int64_t time) {
    const auto seconds = static_cast<time_t>(time / second);
    tm fields{};
    localtime_r(&seconds, &fields);
    return fields;
}

// The local midnight that begins the day of time, days later.
int64_t midnight(int64_t time, int days) {
    const tm now = local(time);
    tm day{};
    day.tm_year = now.tm_year;
    day.tm_mon = now.tm_mon;
    day.tm_mday = now.tm_mday + days;
    tm noon = day; // normalizes the date
    noon.tm_hour = 12;
    noon.tm_isdst = -1;
    mktime(&noon);
    day.tm_year = noon.tm_year;
    day.tm_mon = noon.tm_mon;
    day.tm_mday = noon.tm_mday;
    return from_local(day) * second;
}

Error no_time(const std::string &what, const std::string &text) {
    return usage_error(what + " takes a duration as 24h or a time as '2026-11-20 14:30', not '" +
                       text + "'");
}

} // namespace

int64_t now_microseconds() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Result<int64_t> parse_duration(const std::string &what, const std::string &text) {
    int64_t number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string unit(end, text.data() + text.size());
    const int64_t seconds = unit == "s"   ? 1
                            : unit == "m" ? 60
                            : unit == "h" ? 3600
                            : unit == "d" ? day_seconds
                            : unit == "w" ? 7 * day_seconds
                                          : 0;
    constexpr int64_t most = 200LL * 366 * day_seconds;
    if (bad != std::errc() || !seconds || number < 1 || number > most / seconds)
        return fail(
            usage_error(what + " takes a duration as 30m, 24h, 7d or 2w, not '" + text + "'"));
    return number * seconds * second;
}

Result<int64_t> parse_moment(const std::string &what, const std::string &text, int64_t now) {
    if (text == "now")
        return now;
    if (text == "today" || text == "yesterday")
        return midnight(now, text == "today" ? 0 : -1);
    if (const auto length = parse_duration(what, text))
        return std::max<int64_t>(0, now - *length);
    std::string rest = text;
    const bool utc = rest.ends_with('Z');
    if (utc)
        rest.pop_back();
    tm fields{};
    int used = 0;
    const int read = std::sscanf(rest.c_str(), "%4d-%2d-%2d%n%*c%2d:%2d%n:%2d%n", &fields.tm_year,
                                 &fields.tm_mon, &fields.tm_mday, &used, &fields.tm_hour,
                                 &fields.tm_min, &used, &fields.tm_sec, &used);
    constexpr size_t date = 10; // characters
    const bool whole = (read == 3 || read == 5 || read == 6) &&
                       static_cast<size_t>(used) == rest.size() &&
                       rest.size() == (read == 3   ? date
                                       : read == 5 ? date + 6
                                                   : date + 9) &&
                       rest.find_first_not_of("0123456789-: T") == rest.npos &&
                       rest.find_last_of(" T") == (read == 3 ? rest.npos : date);
    fields.tm_year -= 1900;
    fields.tm_mon -= 1;
    tm normal = fields;
    if (!whole || fields.tm_year < 70 || fields.tm_year > 300 || timegm(&normal) == -1 ||
        !same(normal, fields))
        return fail(no_time(what, text));
    return (utc ? timegm(&normal) : from_local(fields)) * second;
}

std::vector<int64_t> intervals(int64_t from, int64_t to, int64_t length, size_t most) {
    constexpr int64_t day = day_seconds * second;
    std::vector<int64_t> out{from};
    int64_t begin = midnight(from, 0);
    while (out.back() < to) {
        const int64_t next = midnight(begin, length < day ? 1 : static_cast<int>(length / day));
        const int64_t step = length < day ? length : next - begin;
        for (int64_t at = begin + step; at < next && out.back() < to; at += step)
            if (at > from)
                out.push_back(std::min(at, to));
        if (out.back() < to)
            out.push_back(std::min(next, to));
        if (out.size() > most + 1)
            return {};
        begin = next;
    }
    return out;
}

std::string local_text(int64_t time) {
    const tm fields = local(time);
    char text[32];
    return {text, strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields)};
}

std::string utc_text(int64_t time) {
    const auto seconds = static_cast<time_t>(time / second);
    tm fields{};
    gmtime_r(&seconds, &fields);
    char text[40];
    std::string out(text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &fields));
    if (time % second) {
        std::snprintf(text, sizeof text, ".%06d", static_cast<int>(time % second));
        out += text;
    }
    return out + "Z";
}

std::string local_zone(int64_t time) {
    const tm fields = local(time);
    char text[16];
    return {text, strftime(text, sizeof text, "%Z", &fields)};
}

} // namespace pinpipe::store
