// SPDX-License-Identifier: MIT
// Traffic over time, in the JSON answers.
#pragma once

#include "tools/web/common/json.h"
#include "tools/web/model/processes.h"

namespace pinpipe::web {

// An array of value(second) for the last `count` finished seconds, the oldest first.
template <class Value>
void add_seconds(Writer &w, const char *key, size_t count, const Now &now, Value &&value) {
    w.Key(key);
    w.StartArray();
    const int64_t end = now.second - static_cast<int64_t>(unfinished) + 1;
    for (int64_t second = end - static_cast<int64_t>(count); second < end; second++)
        w.Uint64(value(second));
    w.EndArray();
}

inline void add_series(Writer &w, const Traffic<chart_seconds> &traffic, const Now &now) {
    constexpr size_t shown = chart_seconds - unfinished;
    constexpr auto back = static_cast<int64_t>(shown + unfinished - 1) * 1000;
    w.Key("series");
    w.StartObject();
    add_number(w, "step_ms", 1000);
    add_time(w, "start", now.ms - now.steady % 1000 - back);
    add_seconds(w, "bytes_sent", shown, now,
                [&](int64_t second) { return traffic.sent_over_time.at(second); });
    add_seconds(w, "bytes_received", shown, now,
                [&](int64_t second) { return traffic.received_over_time.at(second); });
    w.EndObject();
}

// Bytes in each second, of both directions together.
template <size_t SECONDS>
void add_spark(Writer &w, const Traffic<SECONDS> &traffic, const Now &now) {
    add_seconds(w, "spark", spark_seconds - unfinished, now, [&](int64_t second) {
        return traffic.sent_over_time.at(second) + traffic.received_over_time.at(second);
    });
}

template <size_t SECONDS>
void add_rates(Writer &w, const Traffic<SECONDS> &traffic, const Now &now) {
    add_number(w, "rate_sent", traffic.meter.sent(now));
    add_number(w, "rate_received", traffic.meter.received(now));
    add_number(w, "bytes_sent", traffic.sent);
    add_number(w, "bytes_received", traffic.received);
}

// The address with which a process exchanged most bytes; left out if there is none.
void add_top_remote(Writer &w, const Process &process);

} // namespace pinpipe::web
