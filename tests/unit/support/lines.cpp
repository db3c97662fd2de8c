// SPDX-License-Identifier: MIT
#include "tests/unit/support/lines.h"

#include "tests/unit/support/records.h"
#include "tools/reader/lines/lost_json.h"
#include "tools/reader/lines/ports_json.h"
#include "tools/reader/lines/socket_json.h"
#include "tools/reader/lines/usage_json.h"

#include <cstring>
#include <functional>
#include <map>

namespace pinpipe {
namespace {

using Lines = std::vector<std::string>;

hook_record eth0() {
    hook_record hook{};
    std::strcpy(hook.name, "eth0");
    hook.netns = 4026531840;
    return hook;
}

// The context of a record's line: with every optional field, or with none.
struct Around {
    bool all;
    std::string host = host_run("box"), hook = hook_run(eth0()), exe = R"(,"exe":"/usr/bin/curl")";

    LineContext line() const {
        return {.microseconds = 1'795'218'679'612'197,
                .seq = 7,
                .host_run = all ? std::string_view(host) : std::string_view(),
                .hook_run = all ? std::string_view(hook) : std::string_view(),
                .community_id = all};
    }
    SocketContext socket(bool hex = false) const {
        return {.line = line(),
                .exe_run = all ? std::string_view(exe) : std::string_view(),
                .hex = hex};
    }
};

std::string written(const std::function<void(JsonLines &)> &write) {
    JsonLines out;
    write(out);
    return {out.data(), out.size()};
}

Lines icmp_lines(const Around &around) {
    Lines lines;
    for (const unsigned type : {8U, 3U, 250U}) {
        icmp_record r = icmp_message("192.0.2.1", "192.0.2.2", type);
        set_vlans(r, around.all ? 2 : 0);
        if (around.all)
            r.flags |= PACKET_FIRST_FRAGMENT;
        lines.push_back(written([&](JsonLines &out) { write_icmp(out, r, around.line()); }));
    }
    return lines;
}

socket_record socket_of(const Around &around, uint8_t stream) {
    socket_record r{};
    r.stream = stream;
    r.process.pid = 1234;
    r.proto = 6;
    std::strcpy(r.process.comm, "curl");
    if (!around.all)
        return r;
    r.tid = 1235;
    std::strcpy(r.thread, "worker");
    r.local = to_address("192.0.2.1");
    r.remote = to_address("2001:db8::1");
    r.local_port = 40000;
    r.remote_port = 443;
    return r;
}

Lines message_lines(const Around &around, uint8_t stream) {
    message_record r{};
    r.socket = socket_of(around, stream);
    Lines lines;
    for (const bool hex : {false, true}) {
        const std::string_view payload = around.all ? "GET /" : "";
        r.socket.process.pid = around.all || hex ? 1234 : 0;
        lines.push_back(
            written([&](JsonLines &out) { write_message(out, r, payload, around.socket(hex)); }));
    }
    return lines;
}

// Makes the record one that no thread's call made.
socket_record later(socket_record r) {
    r.tid = 0;
    r.thread[0] = '\0';
    return r;
}

Lines conn_lines(const Around &around) {
    Lines lines;
    for (const uint8_t action : {CONN_CONNECT, CONN_ACCEPT, CONN_CLOSE})
        for (const uint8_t reason : {CONN_NONE, CONN_CLOSED, CONN_RESET}) {
            conn_record r{};
            r.socket = later(socket_of(around, STREAM_CONN));
            r.action = action;
            r.reason = reason;
            r.error = reason == CONN_RESET ? ECONNRESET : 0;
            r.state = around.all ? CONN_TIMED : 0;
            r.srtt = around.all;
            lines.push_back(written([&](JsonLines &out) { write_conn(out, r, around.socket()); }));
        }
    return lines;
}

Lines bind_lines(const Around &around) {
    bind_record r{};
    r.socket = socket_of(around, STREAM_BIND);
    return {written([&](JsonLines &out) { write_bind(out, r, around.socket()); })};
}

Lines deny_lines(const Around &around) {
    deny_record r{};
    r.socket = later(socket_of(around, STREAM_DENY));
    r.hook = DENY_CONNECT;
    r.port = around.all ? 443 : 0;
    r.suppressed = around.all;
    const std::string_view rule = around.all ? "curl" : "";
    r.state = around.all ? DENY_CUT : 0;
    return {written([&](JsonLines &out) { write_deny(out, r, rule, around.socket()); })};
}

Lines usage_lines(const Around &around) {
    usage_key key{};
    key.proto = 6;
    key.port = 443;
    key.known = around.all;
    struct process process {};
    const UsageContext context = {
        .line = around.line(), .exe_run = around.socket().exe_run, .total = around.all};
    return {written([&](JsonLines &out) {
        write_usage(out, {key, {}, &process}, around.all, context);
    })};
}

Lines ports_lines(const Around &around) {
    const std::string interface = interface_run("eth0");
    PortsContext context = {.line = around.line(), .total = around.all};
    context.line.hook_run = interface;
    PortsEntry entry;
    entry.index = 5050;
    std::vector<PortOwner> owners(1);
    owners[0].counted = owners[0].bound = around.all;
    if (around.all) {
        entry.sent.emplace();
        entry.owners = owners;
    }
    PacketsApart apart;
    if (around.all)
        apart.sent_fragments = 1;
    return {written([&](JsonLines &out) { write_ports(out, entry, context); }),
            written([&](JsonLines &out) { write_ports_apart(out, apart, context); })};
}

Lines lost_lines(const Around &around) {
    const std::string interface = interface_run("eth0");
    const Loss losses[] = {
        {.stream = "icmp", .count = 1},
        {.stream = "tcp", .count = 1, .lost_by = "ebpf-store"},
        {.stream = "usage", .count = 1, .reason = "full"},
        {.stream = "ports", .count = 1, .interface_run = interface, .bytes = 60}};
    Lines lines;
    for (const Loss &loss : losses)
        lines.push_back(written([&](JsonLines &out) { write_loss(out, loss, around.line()); }));
    return lines;
}

} // namespace

std::vector<std::string> lines_of(std::string_view event_type) {
    const std::map<std::string_view, std::function<Lines(const Around &)>> makers = {
        {"icmp", icmp_lines},
        {"tcp", [](const Around &around) { return message_lines(around, STREAM_TCP); }},
        {"udp", [](const Around &around) { return message_lines(around, STREAM_UDP); }},
        {"conn", conn_lines},
        {"bind", bind_lines},
        {"deny", deny_lines},
        {"usage", usage_lines},
        {"ports", ports_lines},
        {"lost", lost_lines}};
    Lines lines;
    for (const bool all : {true, false})
        for (std::string &line : makers.at(event_type)({all}))
            lines.push_back(std::move(line));
    return lines;
}

} // namespace pinpipe
