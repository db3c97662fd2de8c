// SPDX-License-Identifier: MIT
#include "tools/ctl/watches_status.h"

#include "lib/base/error.h"
#include "lib/base/text_table.h"
#include "tools/ctl/json_writer.h"

namespace pinpipe::ctl {
namespace {

const char *state_text(const WatchStatus &watch) {
    return watch.counting ? "counting" : "waiting";
}

std::vector<std::string> row_of(const WatchStatus &watch) {
    return {rule_text({watch.range, 1U << watch.proto}),
            watch.process ? printable(watch.process->text) + (watch.current ? "" : " (!)") : "any",
            state_text(watch)};
}

void write_watch(JsonWriter &w, const WatchStatus &watch) {
    w.StartObject();
    w.Key("first_port"), w.Uint(watch.range.first);
    w.Key("last_port"), w.Uint(watch.range.last);
    w.Key("proto"), w.String(proto_names[watch.proto]);
    if (watch.process) {
        write_string(w, "process", watch.process->text);
        w.Key("kind"), w.String(kind_text(watch.process->key.kind));
        w.Key("current"), w.Bool(watch.current);
    }
    w.Key("state"), w.String(state_text(watch));
    w.EndObject();
}

void add_warnings(std::string &out, const std::vector<WatchStatus> &watches) {
    for (const WatchStatus &watch : watches)
        if (!watch.current)
            out += "(!) " + printable(watch.process->text) +
                   (watch.process->key.kind == SUBJECT_PID
                        ? ": this process has ended\n"
                        : ": another file, or none, is there now; the watch is for the earlier "
                          "one\n");
}

} // namespace

std::string watches_text(const std::vector<WatchStatus> &watches) {
    if (watches.empty())
        return "nothing is watched\n";
    std::vector<std::vector<std::string>> rows;
    rows.reserve(watches.size());
    for (const WatchStatus &watch : watches)
        rows.push_back(row_of(watch));
    std::string out = text_table({{"port"}, {"process"}, {"state"}}, rows);
    add_warnings(out, watches);
    return out;
}

std::string watches_json(const std::vector<WatchStatus> &watches) {
    rapidjson::StringBuffer buffer;
    JsonWriter w(buffer);
    w.StartObject();
    w.Key("watches"), w.StartArray();
    for (const WatchStatus &watch : watches)
        write_watch(w, watch);
    w.EndArray();
    w.EndObject();
    return line_of(buffer);
}

} // namespace pinpipe::ctl
