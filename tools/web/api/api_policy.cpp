// SPDX-License-Identifier: MIT
#include "tools/web/api/api.h"
#include "tools/web/common/json.h"

namespace pinpipe::web {
namespace {

void add_denial(Writer &w, const Denial &denial) {
    w.StartObject();
    add_text(w, "comm", denial.comm);
    add_number(w, "pid", denial.pid);
    add_text(w, "proto", denial.proto);
    if (denial.port)
        add_number(w, "port", denial.port);
    add_flag(w, "local", denial.is_served());
    if (!denial.rule.empty())
        add_text(w, "rule", denial.rule);
    if (!denial.remote.empty())
        add_text(w, "remote_ip", denial.remote);
    if (!denial.to.empty())
        add_text(w, "to", denial.to);
    add_number(w, "count", denial.count);
    add_time(w, "last", denial.last);
    add_flag(w, "audit", denial.audit);
    if (const std::string command = allow_command(denial); !command.empty())
        add_text(w, "command", command);
    w.EndObject();
}

void add_owner(Writer &w, const PortOwner &owner) {
    w.StartObject();
    add_number(w, "pid", owner.pid);
    add_text(w, "comm", owner.comm);
    if (owner.has_uid)
        add_number(w, "uid", owner.uid);
    if (owner.has_start)
        add_number(w, "start_time", owner.start);
    if (!owner.attribution.empty())
        add_text(w, "attribution", owner.attribution);
    w.EndObject();
}

void add_port(Writer &w, const Port &port, const Now &now) {
    w.StartObject();
    add_number(w, "local_port", port.port);
    add_text(w, "proto", port.proto);
    if (!port.ifname.empty())
        add_text(w, "ifname", port.ifname);
    add_number(w, "packets_received", port.packets_received);
    add_number(w, "bytes_received", port.bytes_received);
    add_number(w, "rate_received", port.meter.received(now));
    if (port.has_sent) {
        add_number(w, "packets_sent", port.packets_sent);
        add_number(w, "bytes_sent", port.bytes_sent);
        add_number(w, "rate_sent", port.meter.sent(now));
    }
    w.Key("owners");
    w.StartArray();
    for (const PortOwner &owner : port.owners)
        add_owner(w, owner);
    w.EndArray();
    add_time(w, "last_event", port.last_event);
    w.EndObject();
}

} // namespace

std::string policy_json(const Hub &hub, const std::string &rules, const std::string &why) {
    return json_answer([&](Writer &w) {
        add_flag(w, "loaded", !rules.empty());
        if (rules.empty()) {
            add_text(w, "why", why);
        } else {
            w.Key("rules");
            w.RawValue(rules.data(), rules.size(), rapidjson::kArrayType);
        }
        w.Key("denials");
        w.StartArray();
        for (const auto &[key, denial] : hub.summary.denials().all().entries())
            add_denial(w, denial);
        w.EndArray();
        add_number(w, "denials_forgotten", hub.summary.denials().all().forgotten());
    });
}

std::string ports_json(const Hub &hub, const Now &now) {
    return json_answer([&](Writer &w) {
        w.Key("ports");
        w.StartArray();
        for (const auto &[key, port] : hub.summary.ports().all().entries())
            add_port(w, port, now);
        w.EndArray();
        add_number(w, "forgotten", hub.summary.ports().all().forgotten());
    });
}

} // namespace pinpipe::web
