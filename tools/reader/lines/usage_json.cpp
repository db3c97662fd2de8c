// SPDX-License-Identifier: MIT
#include "tools/reader/lines/usage_json.h"

#include "lib/event/put_fields.h"
#include "lib/event/usage_fields.h"
#include "tools/reader/lines/lost_json.h"

namespace pinpipe {
namespace {

struct UsageEvent {
    const usage_key &key;
    const usage_sums &sums;
    const struct process &process;
    const LineContext &line;
    std::string_view exe_run;
    const EventTime &time;
    uint64_t start_time, interval; // milliseconds
    bool by_port, total;
};

} // namespace

std::string usage_proto(uint8_t proto) {
    const Word word = protocol_word(proto);
    return {word.text, word.length};
}

void write_usage(JsonLines &out, const UsageEntry &entry, bool by_port,
                 const UsageContext &context) {
    const EventTime time(context.line.microseconds);
    const UsageEvent event = {
        .key = entry.key,
        .sums = entry.sums,
        .process = *entry.process,
        .line = context.line,
        .exe_run = context.exe_run,
        .time = time,
        .start_time = (entry.key.start + static_cast<uint64_t>(context.boot)) / 1'000'000,
        .interval = (context.interval + 500) / 1000,
        .by_port = by_port,
        .total = context.total};
    out.commit(put_line(out.room(line_max + context.exe_run.size()), usage_table, event));
}

void write_usage_lost(JsonLines &out, const char *reason, const usage_sums &sums,
                      const UsageContext &context) {
    write_loss(out,
               {.stream = "usage",
                .count = sums.calls_sent + sums.calls_received,
                .reason = reason,
                .sums = sums},
               context.line);
}

} // namespace pinpipe
