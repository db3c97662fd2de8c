// SPDX-License-Identifier: MIT
#include "tools/web/api/api.h"
#include "tools/web/common/top.h"
#include "tools/web/model/series.h"

#include <unistd.h>

namespace pinpipe::web {
namespace {

constexpr size_t most_lines = 50;

// Whether /proc shows other users' processes (see hidepid in proc(5)).
bool sees_processes() {
    return access("/proc/1", F_OK) == 0;
}

// Whether the process has ended. One with recent events has not, even if /proc lacks it: the events
// may come from another machine.
bool is_gone(const ProcessKey &key, const Process &process, const Now &now) {
    constexpr int64_t silent = 3000; // milliseconds
    return now.ms - process.last_seen > silent &&
           access(("/proc/" + std::to_string(key.pid)).c_str(), F_OK) != 0;
}

void add_process(Writer &w, const ProcessKey &key, const Process &process, const Now &now) {
    add_number(w, "pid", key.pid);
    add_number(w, "start_time", key.start);
    add_text(w, "comm", process.comm);
    if (!process.exe.empty())
        add_text(w, "exe", process.exe);
    if (process.has_uid)
        add_number(w, "uid", process.uid);
    if (!process.cgroup.empty())
        add_text(w, "cgroup_id", process.cgroup);
    add_time(w, "first_seen", process.first_seen);
    add_time(w, "last_seen", process.last_seen);
    if (sees_processes())
        add_flag(w, "exited", is_gone(key, process, now));
    add_rates(w, process.traffic, now);
    add_number(w, "remotes", process.remotes.size());
    add_top_remote(w, process);
    add_number(w, "denied", process.denied);
}

void add_remote_list(Writer &w, const Process &process) {
    w.Key("remote_list");
    w.StartArray();
    for (const auto &[key, remote] : process.remotes.entries()) {
        w.StartObject();
        add_text(w, "remote_ip", address_in(key));
        add_text(w, "proto", key.substr(0, key.find(' ')));
        add_number(w, "bytes_sent", remote.sent);
        add_number(w, "bytes_received", remote.received);
        add_time(w, "first_seen", remote.first_seen);
        add_time(w, "last_seen", remote.last_seen);
        w.EndObject();
    }
    w.EndArray();
    add_number(w, "remotes_forgotten", process.remotes.forgotten());
}

void add_ports(Writer &w, const Process &process) {
    w.Key("ports");
    w.StartArray();
    for (const ProcessPort &bound : process.ports) {
        w.StartObject();
        add_number(w, "local_port", bound.port);
        add_text(w, "proto", bound.proto);
        add_text(w, "action", bound.action);
        w.EndObject();
    }
    w.EndArray();
}

void add_lines(Writer &w, const char *name, const Recent &lines, const ProcessKey &key) {
    w.Key(name);
    w.StartArray();
    lines.each(most_lines, &key, [&](std::string_view line) { add_line(w, line); });
    w.EndArray();
}

} // namespace

void add_top_remote(Writer &w, const Process &process) {
    const auto any = [](const auto &) { return true; };
    for (const auto *top : top_of(process.remotes.entries(), 1, any, [](const auto &entry) {
             return entry.second.sent + entry.second.received;
         }))
        add_text(w, "top_remote", address_in(top->first));
}

std::string processes_json(const Hub &hub, bool by_bytes, size_t most, const Now &now) {
    const auto &processes = hub.summary.processes().all();
    const auto any = [](const auto &) { return true; };
    const auto measure = [&](const auto &entry) {
        const auto &traffic = entry.second.traffic;
        const uint64_t bytes = traffic.sent + traffic.received;
        return by_bytes ? std::pair(bytes, uint64_t{0}) : std::pair(traffic.rate(now), bytes);
    };
    return json_answer([&](Writer &w) {
        w.Key("processes");
        w.StartArray();
        for (const auto *entry : top_of(processes.entries(), most, any, measure)) {
            w.StartObject();
            add_process(w, entry->first, entry->second, now);
            w.EndObject();
        }
        w.EndArray();
        add_number(w, "count", processes.size());
        add_number(w, "forgotten", processes.forgotten());
    });
}

std::optional<std::string> process_json(const Hub &hub, const ProcessKey &key, const Now &now) {
    const Process *process = hub.summary.processes().all().find(key);
    if (!process)
        return {};
    return json_answer([&](Writer &w) {
        add_process(w, key, *process, now);
        add_remote_list(w, *process);
        add_ports(w, *process);
        add_lines(w, "connections", hub.summary.connection_lines(), key);
        add_lines(w, "denials", hub.summary.denial_lines(), key);
        add_series(w, process->traffic, now);
    });
}

} // namespace pinpipe::web
