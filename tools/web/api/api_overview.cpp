// SPDX-License-Identifier: MIT
#include "tools/web/api/api.h"
#include "tools/web/common/top.h"
#include "tools/web/model/series.h"

#include <cmath>

namespace pinpipe::web {
namespace {

constexpr size_t most_shown = 8; // processes, remotes
constexpr size_t most_denials = 20;
constexpr int64_t quiet_after = 10'000; // milliseconds

// The order of the overview: the highest present rate first, then most bytes.
template <size_t SECONDS> auto busiest(const Traffic<SECONDS> &traffic, const Now &now) {
    return std::pair(traffic.rate(now), traffic.sent + traffic.received);
}

void add_totals(Writer &w, const Hub &hub) {
    uint64_t lost = 0;
    for (const auto &[name, room] : hub.rooms.all())
        add_up(lost, room->lost);
    const Summary &summary = hub.summary;
    w.Key("totals");
    w.StartObject();
    add_number(w, "bytes_sent", summary.traffic().sent);
    add_number(w, "bytes_received", summary.traffic().received);
    add_number(w, "events", summary.events());
    add_number(w, "denied", summary.denied());
    add_number(w, "lost", lost);
    add_number(w, "bad_lines", hub.bad_lines);
    w.EndObject();
}

void add_processes(Writer &w, const Summary &summary, const Now &now) {
    w.Key("processes");
    w.StartArray();
    const auto used = [](const auto &entry) {
        return entry.second.traffic.sent + entry.second.traffic.received > 0;
    };
    const auto measure = [&](const auto &entry) { return busiest(entry.second.traffic, now); };
    for (const auto *entry :
         top_of(summary.processes().all().entries(), most_shown, used, measure)) {
        const auto &[key, process] = *entry;
        w.StartObject();
        add_number(w, "pid", key.pid);
        add_number(w, "start_time", key.start);
        add_text(w, "comm", process.comm);
        add_time(w, "first_seen", process.first_seen);
        add_top_remote(w, process);
        add_rates(w, process.traffic, now);
        add_spark(w, process.traffic, now);
        w.EndObject();
    }
    w.EndArray();
}

void add_remotes(Writer &w, const Summary &summary, const Now &now) {
    w.Key("remotes");
    w.StartArray();
    const auto any = [](const auto &) { return true; };
    const auto measure = [&](const auto &entry) { return busiest(entry.second, now); };
    for (const auto *entry : top_of(summary.remotes().entries(), most_shown, any, measure)) {
        w.StartObject();
        add_text(w, "remote_ip", entry->first);
        add_rates(w, entry->second, now);
        add_spark(w, entry->second, now);
        w.EndObject();
    }
    w.EndArray();
}

void add_losses(Writer &w, const Hub &hub) {
    w.Key("losses");
    w.StartArray();
    for (const auto &[name, room] : hub.rooms.all()) {
        if (!room->lost && !room->lost_bytes)
            continue;
        w.StartObject();
        add_text(w, "room", name);
        add_number(w, "lost", room->lost);
        add_number(w, "bytes", room->lost_bytes);
        w.EndObject();
    }
    w.EndArray();
}

void add_sources(Writer &w, const Hub &hub, const Now &now) {
    w.Key("sources");
    w.StartArray();
    for (const auto &[name, room] : hub.rooms.all()) {
        const bool quiet = now.ms - room->last_event > quiet_after;
        w.StartObject();
        add_text(w, "name", name);
        w.Key("source"), w.String(room->source == Source::remote ? "remote" : "stdin");
        w.Key("state"), w.String(room->ended ? "ended" : quiet ? "quiet" : "live");
        add_time(w, "last_event", room->last_event);
        w.Key("rate"), w.Double(std::round(room->rate(now) * 10) / 10);
        add_number(w, "lost", room->lost);
        w.EndObject();
    }
    w.EndArray();
}

} // namespace

std::string overview_json(const Hub &hub, const Overview &about, const Now &now) {
    return json_answer([&](Writer &w) {
        add_time(w, "now", now.ms);
        add_time(w, "since", about.since);
        add_number(w, "uptime_ms",
                   static_cast<uint64_t>(std::max<int64_t>(now.ms - about.since, 0)));
        add_totals(w, hub);
        add_series(w, hub.summary.traffic(), now);
        add_processes(w, hub.summary, now);
        add_remotes(w, hub.summary, now);
        w.Key("denials");
        w.StartArray();
        hub.summary.denial_lines().each(most_denials, nullptr,
                                        [&](std::string_view line) { add_line(w, line); });
        w.EndArray();
        add_losses(w, hub);
        add_sources(w, hub, now);
        w.Key("input"), w.String(!about.reads_input ? "none" : hub.input_ended ? "ended" : "live");
        add_flag(w, "history", about.history);
    });
}

} // namespace pinpipe::web
