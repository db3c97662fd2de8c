// SPDX-License-Identifier: MIT
#include "tools/web/history/history.h"

#include "lib/base/line_splitter.h"
#include "tools/web/common/json.h"
#include "tools/web/history/database.h"

#include <rapidjson/document.h>

namespace pinpipe::web {
namespace {

constexpr int64_t fine_points = 300, most_points = 5000;
constexpr int64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
constexpr std::pair<const char *, int64_t> steps[] = {
    {"1m", minute},   {"5m", 5 * minute}, {"15m", 15 * minute}, {"1h", hour},
    {"6h", 6 * hour}, {"1d", day},        {"7d", 7 * day}};

// Calls take for each line that is a JSON object, with the parsed object and the text.
template <class Take> void each_row(const std::string &text, Take &&take) {
    constexpr unsigned flags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    each_line(text, [&](std::string_view line) {
        rapidjson::Document row;
        row.Parse<flags>(line.data(), line.size());
        if (!row.HasParseError() && row.IsObject())
            take(row, line);
    });
}

int64_t time_in(const rapidjson::Document &row, const char *name) {
    const auto member = row.FindMember(name);
    if (member == row.MemberEnd() || !member->value.IsString())
        return 0;
    return parse_utc(member->value.GetString()).value_or(0);
}

uint64_t number_in(const rapidjson::Document &row, const char *name) {
    const auto member = row.FindMember(name);
    return member != row.MemberEnd() && member->value.IsUint64() ? member->value.GetUint64() : 0;
}

bool is_by(const rapidjson::Document &row, std::string_view what) {
    const auto member = row.FindMember("by");
    return member != row.MemberEnd() && member->value.IsString() &&
           what == member->value.GetString();
}

// The range of time of the rows, from the row "total". Milliseconds since 1970.
std::pair<int64_t, int64_t> range_of(const std::string &text) {
    std::pair<int64_t, int64_t> range{};
    each_row(text, [&](const auto &row, std::string_view) {
        if (is_by(row, "total"))
            range = {time_in(row, "from"), time_in(row, "to")};
    });
    return range;
}

void add_numbers(Writer &w, const char *key, const std::vector<uint64_t> &numbers) {
    w.Key(key);
    w.StartArray();
    for (const uint64_t number : numbers)
        w.Uint64(number);
    w.EndArray();
}

// Adds the points over time. The first interval may be shorter than a step, so the start is
// computed from the second one.
void add_history_series(Writer &w, int64_t step, const std::string &text) {
    std::vector<int64_t> begins;
    std::vector<uint64_t> sent, received;
    each_row(text, [&](const auto &row, std::string_view) {
        if (!is_by(row, "interval"))
            return;
        begins.push_back(time_in(row, "from"));
        sent.push_back(number_in(row, "bytes_sent"));
        received.push_back(number_in(row, "bytes_received"));
    });
    w.Key("series");
    w.StartObject();
    add_number(w, "step_ms", static_cast<uint64_t>(step));
    if (!begins.empty())
        add_time(w, "start", begins.size() > 1 ? begins[1] - step : begins[0]);
    add_numbers(w, "bytes_sent", sent);
    add_numbers(w, "bytes_received", received);
    w.EndObject();
}

} // namespace

// Chooses the step that was asked for, if it makes at most most_points points; else the finest one
// that makes at most fine_points.
void History::choose_step() {
    const auto [from, to] = range_of(rows_->output());
    bool chosen = false;
    for (const auto &[name, length] : steps) {
        const int64_t points = (to - from) / length;
        if ((chosen || points > fine_points) && (query_.step != name || points > most_points))
            continue;
        step_ = name;
        step_length_ = length;
        chosen = true;
    }
}

Result<std::shared_ptr<Pending>> History::ask(Subprocesses &subprocesses,
                                              std::shared_ptr<Subprocess> &subprocess,
                                              const std::vector<std::string> &how) {
    if (!subprocess) {
        std::vector<std::string> arguments = {"report", as_operand(database_)};
        arguments.insert(arguments.end(), query_.arguments.begin(), query_.arguments.end());
        arguments.insert(arguments.end(), how.begin(), how.end());
        auto started = subprocesses.start("ebpf-store", arguments);
        if (!started)
            return fail(started.error());
        subprocess = *started;
        if (!subprocess)
            return fail(Error{.text = "too many queries at once", .hint = {}, .code = EAGAIN});
    }
    if (!subprocess->done)
        return std::shared_ptr<Pending>(subprocess);
    if (subprocess->status() == 0)
        return std::shared_ptr<Pending>();
    return fail(subprocess->error());
}

Result<std::shared_ptr<Pending>> History::go_on(Subprocesses &subprocesses) {
    std::vector<std::string> how = {query_.csv ? "--format=csv" : "--format=json",
                                    "--by=" + query_.by};
    if (!query_.csv)
        how.push_back("--top=" + std::to_string(query_.limit));
    auto first = ask(subprocesses, rows_, how);
    if (!first || *first || query_.csv)
        return first;
    if (!series_)
        choose_step();
    return ask(subprocesses, series_, {"--format=json", "--interval=" + step_});
}

std::string History::json() const {
    const std::string text = rows_->output();
    const auto range = range_of(text);
    return json_answer([&](Writer &w) {
        add_time(w, "since", range.first);
        add_time(w, "until", range.second);
        add_text(w, "by", query_.by);
        w.Key("rows");
        w.StartArray();
        each_row(text, [&](const auto &, std::string_view line) { add_line(w, line); });
        w.EndArray();
        add_history_series(w, step_length_, series_->output());
    });
}

} // namespace pinpipe::web
