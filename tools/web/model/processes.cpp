// SPDX-License-Identifier: MIT
#include "tools/web/model/processes.h"

#include "tools/web/model/event.h"

#include <charconv>

namespace pinpipe::web {
namespace {

void take_names(Process &process, const Event &event) {
    process.comm = event.text<"comm">();
    if (event.has<"exe">())
        process.exe = event.text<"exe">();
    if (event.has<"cgroup_id">())
        process.cgroup = event.text<"cgroup_id">();
    if (event.has<"uid">()) {
        process.uid = event.number<"uid">();
        process.has_uid = true;
    }
}

void take_remote(Process &process, const Event &event, const Amount &amount, const Now &now) {
    if (!event.has<"remote_ip">() || !event.has<"proto">())
        return;
    std::string key(event.text<"proto">());
    key.append(" ").append(event.text<"remote_ip">());
    ProcessRemote &remote = process.remotes.touch(key);
    add_up(remote.sent, amount.sent);
    add_up(remote.received, amount.received);
    remote.first_seen = remote.first_seen ? remote.first_seen : now.ms;
    remote.last_seen = now.ms;
}

void take_port(Process &process, const Event &event) {
    ProcessPort bound{event.number<"local_port">(), std::string(event.text<"proto">()),
                      std::string(event.text<"action">())};
    std::erase_if(process.ports, [&](const ProcessPort &other) {
        return other.port == bound.port && other.proto == bound.proto;
    });
    if (bound.action == "close")
        return;
    if (process.ports.size() == Process::most_ports)
        process.ports.erase(process.ports.begin());
    process.ports.push_back(std::move(bound));
}

} // namespace

bool parse_key(const std::string &text, ProcessKey &key) {
    const char *end = text.data() + text.size();
    const auto pid = std::from_chars(text.data(), end, key.pid);
    if (pid.ec != std::errc() || pid.ptr == end || *pid.ptr != '-')
        return false;
    const auto start = std::from_chars(pid.ptr + 1, end, key.start);
    return start.ec == std::errc() && start.ptr == end;
}

void Processes::take(const Event &event, const Amount &amount, const Now &now) {
    Process &process = processes_.touch({event.number<"pid">(), event.number<"start_time">()});
    take_names(process, event);
    process.first_seen = process.first_seen ? process.first_seen : now.ms;
    process.last_seen = now.ms;
    const std::string_view type = event.text<"event_type">();
    if (type == "usage") {
        process.traffic.add(amount, now);
        take_remote(process, event, amount, now);
    } else if (type == "bind" && event.has<"local_port">()) {
        take_port(process, event);
    } else if (type == "deny") {
        process.denied++;
    }
}

} // namespace pinpipe::web
