// SPDX-License-Identifier: MIT
#include "tools/web/model/summary.h"

#include "tools/web/model/event.h"

namespace pinpipe::web {
namespace {

// The bytes of a usage event. Empty for totals since the load, which cannot be summed up.
Amount amount_of(const Event &event) {
    if (event.text<"event_type">() != "usage" || event.flag<"total">())
        return {};
    return {.snapshot = event.number<"timestamp_us">(event.number<"timestamp">() * 1000),
            .interval = event.number<"interval_ms">(),
            .sent = event.number<"bytes_sent">(),
            .received = event.number<"bytes_received">()};
}

} // namespace

void Summary::take_usage(const Event &event, const Amount &amount, const Now &now) {
    traffic_.add(amount, now);
    if (event.has<"remote_ip">())
        remotes_.touch(std::string(event.text<"remote_ip">())).add(amount, now);
}

void Summary::take(const Event &event, std::string_view line, const Now &now) {
    events_++;
    const std::string_view type = event.text<"event_type">();
    const Amount amount = amount_of(event);
    const ProcessKey key{event.number<"pid">(), event.number<"start_time">()};
    if (has_process(event))
        processes_.take(event, amount, now);
    if (type == "usage") {
        take_usage(event, amount, now);
    } else if (type == "ports") {
        ports_.take(event, now);
    } else if (type == "conn") {
        connection_lines_.add(key, line);
    } else if (type == "deny") {
        denied_ += event.text<"action">() != "audit";
        denials_.take(event, now);
        denial_lines_.add(key, line);
    }
}

} // namespace pinpipe::web
