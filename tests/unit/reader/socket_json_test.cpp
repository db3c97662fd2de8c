// SPDX-License-Identifier: MIT
#include "tools/reader/lines/socket_json.h"

#include "lib/base/address.h"
#include "tests/unit/support/json.h"

#include <cstring>
#include <gtest/gtest.h>

namespace pinpipe {
namespace {

class SocketJson : public testing::Test {
protected:
    SocketJson() {
        fill(message.socket, STREAM_TCP);
        fill(conn.socket, STREAM_CONN);
        fill(bound.socket, STREAM_BIND);
        fill(denied.socket, STREAM_DENY);
        for (socket_record *const told_later : {&conn.socket, &denied.socket}) { // in no call
            told_later->tid = 0;
            told_later->thread[0] = '\0';
        }
        denied.hook = DENY_CONNECT;
        denied.port = 443;
        message.bytes = 5;
        context.line.microseconds = 1795218679612197;
        context.line.seq = 7;
        context.boot = 1'795'000'000'000'000'000;
    }
    static void fill(socket_record &r, uint8_t stream) {
        r.stream = stream;
        r.process.start = 5'000'000'000;
        r.process.cgroup = 18446744073709551615U;
        r.local = parse_prefix("192.0.2.1")->host;
        r.remote = parse_prefix("2001:db8::1")->host;
        r.local_port = 40000;
        r.remote_port = 443;
        r.process.pid = 1234;
        r.tid = 1236;
        r.process.ppid = 1;
        r.process.uid = 1000;
        r.proto = 6;
        r.flags = SOCKET_OUT;
        std::strcpy(r.process.comm, "curl");
        std::strcpy(r.thread, "worker");
    }
    template <class Write> std::string written(const Write &write) {
        JsonLines out;
        write(out);
        const std::string text(out.data(), out.size());
        EXPECT_TRUE(is_event_line(text)) << text;
        return text;
    }
    std::string message_line(std::string_view payload = {}) {
        return written([&](JsonLines &out) { write_message(out, message, payload, context); });
    }
    std::string conn_line() {
        return written([&](JsonLines &out) { write_conn(out, conn, context); });
    }
    std::string bind_line() {
        return written([&](JsonLines &out) { write_bind(out, bound, context); });
    }
    std::string deny_line(std::string_view rule = "curl") {
        return written([&](JsonLines &out) { write_deny(out, denied, rule, context); });
    }
    static bool has(const std::string &line, std::string_view part) {
        return line.find(part) != line.npos;
    }

    message_record message{};
    conn_record conn{};
    bind_record bound{};
    deny_record denied{};
    SocketContext context;
};

TEST_F(SocketJson, EveryFieldOfAMessage) {
    EXPECT_EQ(message_line("he\"\\\n"),
              R"({"v":1,"event_type":"tcp","timestamp":1795218679612,)"
              R"("timestamp_us":1795218679612197,"seq":7,"direction":"out","proto":"tcp",)"
              R"("local_ip":"192.0.2.1","local_port":40000,"remote_ip":"2001:db8::1",)"
              R"("remote_port":443,"bytes":5,"pid":1234,"tid":1236,"ppid":1,"uid":1000,)"
              R"("comm":"curl","thread":"worker","cgroup_id":"18446744073709551615",)"
              R"("start_time":1795000005000,"attribution":"exact","payload_len":5,)"
              R"("payload_truncated":false,"payload":"aGUiXAo=",)"
              R"("payload_printable":"he\"\\x5c\\x0a"})"
              "\n");
}

TEST_F(SocketJson, WhatIsUnknownIsAbsent) {
    message.socket.local = {};
    message.socket.remote = {};
    message.socket.local_port = 0;
    message.socket.tid = 0;
    std::strcpy(message.socket.thread, "curl");
    const std::string line = message_line();
    for (const char *field : {"local_ip", "local_port", "remote_ip", "remote_port", "tid", "thread",
                              "payload", "host", "community_id"})
        EXPECT_FALSE(parse_json(line).HasMember(field)) << field;
    message.socket.process.pid = 0;
    EXPECT_TRUE(has(message_line(), R"("attribution":"none")"));
    EXPECT_FALSE(parse_json(message_line()).HasMember("comm"));
}

TEST_F(SocketJson, Directions) {
    EXPECT_TRUE(has(message_line(), R"("direction":"out")"));
    message.socket.flags = 0;
    EXPECT_TRUE(has(message_line(), R"("direction":"in")"));
}

TEST_F(SocketJson, ACutPayload) {
    message.bytes = 6;
    EXPECT_TRUE(has(message_line("hello"), R"("payload_len":5,"payload_truncated":true)"));
}

TEST_F(SocketJson, Hexadecimal) {
    context.hex = true;
    const std::string line = message_line(std::string_view("\x00\xff\x7f z", 5));
    EXPECT_TRUE(has(line, R"("payload_hex":"00ff7f207a","payload_printable":"\\x00\\xff\\x7f z")"));
    EXPECT_FALSE(has(line, R"("payload":)"));
}

// The longest possible line fits into its room, whatever the bytes.
TEST_F(SocketJson, TheLongestPayload) {
    for (const char byte : {'\xff', '\0', '"', '\\', 'a'}) {
        const std::string payload(PAYLOAD_MAX, byte);
        message.bytes = PAYLOAD_MAX;
        std::memset(message.socket.process.comm, '\x1b', sizeof message.socket.process.comm);
        std::memset(message.socket.thread, '\xff', sizeof message.socket.thread);
        const std::string line = message_line(payload);
        EXPECT_LE(line.size(), line_max + payload_line_factor * PAYLOAD_MAX);
        const auto json = parse_json(line);
        EXPECT_EQ(json["payload_len"].GetUint(), unsigned{PAYLOAD_MAX});
        EXPECT_EQ(json["payload"].GetStringLength(), (PAYLOAD_MAX + 2) / 3 * 4);
    }
}

TEST_F(SocketJson, Executables) {
    EXPECT_FALSE(has(message_line() + conn_line() + bind_line() + deny_line(), "\"exe\""));
    const std::string run = ",\"exe\":\"/" + std::string(4 * line_max, 'x') + "\"";
    context.exe_run = run;
    for (const std::string &line : {message_line(), conn_line(), bind_line(), deny_line()})
        EXPECT_TRUE(has(line, run + R"(,"cgroup_id":)")) << line;
}

TEST_F(SocketJson, HostileNames) {
    std::memcpy(message.socket.process.comm, "a\"\\\n\x1b\xff\0z", 8);
    const std::string line = message_line();
    EXPECT_FALSE(has(line, "\x1b"));
    EXPECT_STREQ(parse_json(line)["comm"].GetString(), "a\"\\\n\x1b\xef\xbf\xbd");
}

TEST_F(SocketJson, EveryFieldOfAConnection) {
    conn.action = CONN_CLOSE;
    conn.reason = CONN_TIMEOUT;
    conn.error = ETIMEDOUT;
    conn.state = CONN_TIMED;
    conn.duration = 1'234'567'890;
    conn.bytes_sent = 1;
    conn.bytes_received = 1ULL << 40;
    conn.retransmits = 3;
    conn.srtt = 250;
    EXPECT_EQ(conn_line(),
              R"({"v":1,"event_type":"conn","timestamp":1795218679612,)"
              R"("timestamp_us":1795218679612197,"seq":7,"action":"close","reason":"timeout",)"
              R"("errno":110,"error":"ETIMEDOUT","direction":"out","proto":"tcp",)"
              R"("local_ip":"192.0.2.1","local_port":40000,"remote_ip":"2001:db8::1",)"
              R"("remote_port":443,"duration_ms":1234,"duration_us":1234567,"bytes_sent":1,)"
              R"("bytes_received":1099511627776,"retransmits":3,"srtt_us":250,"pid":1234,)"
              R"("ppid":1,"uid":1000,"comm":"curl",)"
              R"("cgroup_id":"18446744073709551615","start_time":1795000005000,)"
              R"("attribution":"exact"})"
              "\n");
}

TEST_F(SocketJson, ReasonsAndActions) {
    const std::pair<int, const char *> reasons[] = {
        {CONN_CLOSED, "closed"},        {CONN_RESET, "reset"}, {CONN_ABORTED, "aborted"},
        {CONN_TIMEOUT, "timeout"},      {CONN_ERROR, "error"}, {CONN_REFUSED, "refused"},
        {CONN_UNANSWERED, "unanswered"}};
    conn.action = CONN_CLOSE;
    for (const auto &[reason, name] : reasons) {
        conn.reason = static_cast<uint8_t>(reason);
        EXPECT_STREQ(parse_json(conn_line())["reason"].GetString(), name);
        EXPECT_EQ(parse_json(conn_line()).HasMember("closed_by"), reason == CONN_CLOSED);
    }
    conn.reason = CONN_CLOSED;
    EXPECT_TRUE(has(conn_line(), R"("closed_by":"local")"));
    conn.state = CONN_PEER_FIRST;
    EXPECT_TRUE(has(conn_line(), R"("closed_by":"remote")"));
    conn.reason = CONN_NONE;
    conn.action = CONN_CONNECT;
    EXPECT_TRUE(has(conn_line(), R"("action":"connect","direction")"));
    conn.action = CONN_ACCEPT;
    conn.socket.flags = SOCKET_LISTENER;
    EXPECT_TRUE(has(conn_line(), R"("action":"accept","direction":"in")"));
    EXPECT_TRUE(has(conn_line(), R"("attribution":"listener")"));
}

TEST_F(SocketJson, AnErrorWithoutAName) {
    conn.error = 4000;
    EXPECT_TRUE(has(conn_line(), R"("errno":4000,"direction")"));
}

TEST_F(SocketJson, Binds) {
    bound.action = BIND_BIND;
    bound.socket.proto = 17;
    bound.socket.local = {};
    bound.socket.flags = SOCKET_FOUND;
    EXPECT_TRUE(has(bind_line(), R"("action":"bind","proto":"udp","local_ip":"0.0.0.0",)"));
    EXPECT_TRUE(has(bind_line(), R"("attribution":"bootstrap")"));
    bound.socket.flags = SOCKET_IPV6;
    bound.action = BIND_LISTEN;
    EXPECT_TRUE(has(bind_line(), R"("action":"listen","proto":"udp","local_ip":"::",)"));
    EXPECT_FALSE(parse_json(bind_line()).HasMember("remote_ip"));
}

TEST_F(SocketJson, EveryFieldOfADenial) {
    denied.suppressed = 99;
    EXPECT_EQ(deny_line(),
              R"({"v":1,"event_type":"deny","timestamp":1795218679612,)"
              R"("timestamp_us":1795218679612197,"seq":7,"action":"deny","rule":"curl",)"
              R"("reason":"connect","direction":"out","proto":"tcp","local_ip":"192.0.2.1",)"
              R"("local_port":40000,"remote_ip":"2001:db8::1","remote_port":443,"port":443,)"
              R"("suppressed":99,"pid":1234,"ppid":1,"uid":1000,"comm":"curl",)"
              R"("cgroup_id":"18446744073709551615","start_time":1795000005000,)"
              R"("attribution":"exact"})"
              "\n");
    denied.state = DENY_AUDIT;
    EXPECT_TRUE(has(deny_line(), R"("action":"audit",)"));
}

TEST_F(SocketJson, WhereItWasDenied) {
    const std::pair<uint8_t, const char *> names[] = {
        {DENY_CONNECT, "connect"}, {DENY_SENDMSG, "sendmsg"}, {DENY_BIND, "bind"},
        {DENY_CREATE, "create"},   {DENY_EGRESS, "egress"},   {DENY_INGRESS, "ingress"},
        {DENY_LABEL, "label"}};
    for (const auto &[hook, name] : names) {
        denied.hook = hook;
        EXPECT_STREQ(parse_json(deny_line())["reason"].GetString(), name);
    }
}

TEST_F(SocketJson, WhatADenialHasNotIsAbsent) {
    denied.hook = DENY_CREATE;
    denied.port = 0;
    denied.socket.proto = 1;
    denied.socket.local = denied.socket.remote = {};
    denied.socket.local_port = denied.socket.remote_port = 0;
    const std::string line = deny_line("");
    const auto json = parse_json(line);
    for (const char *name : {"rule", "local_ip", "local_port", "remote_ip", "remote_port", "port",
                             "suppressed", "tid", "thread", "community_id"})
        EXPECT_FALSE(json.HasMember(name)) << name;
    EXPECT_STREQ(json["proto"].GetString(), "icmp");
}

TEST_F(SocketJson, ADeniedBindToAnyAddress) {
    denied.hook = DENY_BIND;
    denied.socket.local = denied.socket.remote = {};
    denied.socket.flags = 0;
    EXPECT_TRUE(has(deny_line(), R"("direction":"in","proto":"tcp","local_ip":"0.0.0.0",)"));
    denied.socket.flags = SOCKET_IPV6;
    EXPECT_TRUE(has(deny_line(), R"("local_ip":"::","local_port":40000,"port":443)"));
}

TEST_F(SocketJson, AHostileRule) {
    const std::string rule(255, '\x1b');
    EXPECT_EQ(parse_json(deny_line(rule))["rule"].GetStringLength(), 255u);
    EXPECT_FALSE(has(deny_line(rule), "\x1b"));
    EXPECT_STREQ(parse_json(deny_line("a\"b\n"))["rule"].GetString(), "a\"b\n");
}

TEST_F(SocketJson, CommunityIdWhereBothEndsAreKnown) {
    context.line.community_id = true;
    EXPECT_TRUE(parse_json(message_line()).HasMember("community_id"));
    message.socket.remote = {};
    EXPECT_FALSE(parse_json(message_line()).HasMember("community_id"));
}

} // namespace
} // namespace pinpipe
