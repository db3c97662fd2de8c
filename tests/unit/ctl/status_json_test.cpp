// SPDX-License-Identifier: MIT
#include "tests/unit/support/json.h"
#include "tests/unit/support/status_samples.h"

#include <cerrno>
#include <gtest/gtest.h>

namespace pinpipe::ctl {
namespace {

TEST(StatusJson, WhatTheKernelRefused) {
    Status status = sample_status();
    EXPECT_TRUE(parse_json(status_json(status))["not_granted"].Empty());
    status.abi.refused[OPTIONAL_RULED_FORK] = EPERM;
    status.abi.refused[OPTIONAL_SEE_SENT] = ENOMEM;
    const auto json = parse_json(status_json(status));
    const auto &refused = json["not_granted"];
    ASSERT_EQ(refused.Size(), 2u);
    EXPECT_STREQ(refused[0]["name"].GetString(), "see_sent");
    EXPECT_STREQ(refused[1]["name"].GetString(), "see_fork");
    EXPECT_STREQ(refused[1]["object"].GetString(), "relabel");
    EXPECT_STREQ(refused[1]["where"].GetString(), "tp_btf/sched_process_fork");
    EXPECT_STREQ(refused[1]["capability"].GetString(), "rules");
    EXPECT_EQ(refused[1]["errno"].GetInt(), EPERM);
    EXPECT_STREQ(refused[1]["reason"].GetString(), "this kernel refuses it");
    EXPECT_STREQ(refused[1]["means"].GetString(),
                 "rules of allow --children do not reach descendants");
}

std::string state_of(const ReaderStatus &reader) {
    Status status = sample_status();
    status.readers = {reader};
    return parse_json(status_json(status))["readers"][0]["state"].GetString();
}

TEST(StatusJson, JsonHasItAll) {
    const std::string line = status_json(sample_status());
    ASSERT_TRUE(is_event_line(line));
    const auto json = parse_json(line);
    EXPECT_STREQ(json["pin_root"].GetString(), "/run/ebpf");
    EXPECT_EQ(json["layout"].GetUint(), LAYOUT_VERSION);
    EXPECT_STREQ(json["program"].GetString(), "1.2.3");
    EXPECT_EQ(json["loaded"].GetUint64(), 1'700'000'000'123u) << "milliseconds, as in events";
    EXPECT_EQ(json["options"]["readers"].GetUint(), 3u);
    EXPECT_EQ(json["options"]["ring_size"].GetUint(), 65536u);
    EXPECT_EQ(json["options"]["gid"].GetUint(), 990u);
    EXPECT_STREQ(json["options"]["group"].GetString(), "ebpf");
    const auto &hook = json["hooks"][0];
    EXPECT_EQ(hook["number"].GetUint(), 7u);
    EXPECT_STREQ(hook["ifname"].GetString(), "eth0");
    EXPECT_STREQ(hook["state"].GetString(), "attached");
    EXPECT_STREQ(hook["mode"].GetString(), "native");
    EXPECT_EQ(hook["truncated"].GetUint(), 2u);
    EXPECT_FALSE(hook.HasMember("netns_name")) << "absent where it has none";
    const auto &reader = json["readers"][0];
    EXPECT_EQ(reader["pid"].GetInt(), 4242);
    EXPECT_STREQ(reader["comm"].GetString(), "ebpf-read");
    EXPECT_EQ(reader["unread_bytes"].GetUint(), 72u);
    EXPECT_EQ(reader["streams"][0]["lost"].GetUint(), 4u);
    EXPECT_FALSE(json["readers"][1].HasMember("pid"));
    EXPECT_TRUE(json["readers"][1]["streams"].Empty());
    EXPECT_EQ(json["streams"][0]["produced"].GetUint(), 105u);
    EXPECT_EQ(json["streams"][0]["delivered"].GetUint(), 95u);
    EXPECT_EQ(json["streams"][0]["lost"].GetUint(), 40u);
    EXPECT_STREQ(json["maps"][0]["type"].GetString(), "array");
}

TEST(StatusJson, WhatAnInterfaceSends) {
    Status status = sample_status();
    const auto without = parse_json(status_json(status));
    EXPECT_STREQ(without["hooks"][0]["sent"].GetString(), "no");
    EXPECT_FALSE(without["hooks"][0].HasMember("sent_fragments")) << "absent: it is not measured";
    status.hooks[0].sent = Attached::yes;
    status.hooks[0].counters.uncounted = 0;
    const auto json = parse_json(status_json(status));
    const auto &hook = json["hooks"][0];
    EXPECT_STREQ(hook["sent"].GetString(), "attached");
    EXPECT_EQ(hook["port_fragments"].GetUint(), 4u);
    EXPECT_EQ(hook["sent_fragments"].GetUint(), 5u);
    EXPECT_EQ(hook["uncounted"].GetUint(), 0u);
    EXPECT_EQ(hook["uncounted_bytes"].GetUint(), 7u);
}

TEST(StatusJson, AnEmptyOneIsJsonToo) {
    EXPECT_TRUE(is_event_line(status_json(Status{})));
}

TEST(StatusJson, StatesOfReaders) {
    ReaderStatus reader{};
    EXPECT_EQ(state_of(reader), "free");
    reader.streams = 1;
    EXPECT_EQ(state_of(reader), "abandoned");
    reader.pid = 1;
    EXPECT_EQ(state_of(reader), "claimed");
    reader.unread = 65536;
    EXPECT_EQ(state_of(reader), "claimed") << "a full ring";
    reader.unread = 65537;
    EXPECT_EQ(state_of(reader), "displaced");
    reader.frozen = true;
    EXPECT_EQ(state_of(reader), "frozen");
}

TEST(StatusJson, NamesDoNoHarm) {
    for (const char *name : {"\x1b[31m\n", "\"\\", "\xc2\x9b\xff", "\r\t\x7f"})
        EXPECT_TRUE(is_event_line(status_json(hostile_status(name))));
}

TEST(StatusJson, CgroupsAsJson) {
    EXPECT_FALSE(parse_json(status_json(sample_status())).HasMember("cgroups"));
    EXPECT_FALSE(parse_json(status_json(sample_status())).HasMember("relabels"));
    Status status = status_with_cgroups();
    auto json = parse_json(status_json(status));
    ASSERT_EQ(json["cgroups"].Size(), 2u);
    const auto &one = json["cgroups"][0];
    EXPECT_EQ(one["number"].GetUint(), 0u);
    EXPECT_STREQ(one["id"].GetString(), "18446744073709551615");
    EXPECT_STREQ(one["path"].GetString(), "/sys/fs/cgroup/app");
    EXPECT_STREQ(one["state"].GetString(), "attached");
    EXPECT_EQ(json["cgroups"][1]["number"].GetUint(), 3u);
    EXPECT_STREQ(json["cgroups"][1]["state"].GetString(), "gone");
    EXPECT_STREQ(json["relabels"].GetString(), "after");
    EXPECT_STREQ(json["packet_sockets"].GetString(), "open");
    EXPECT_EQ(json["unlabelled"]["refused"].GetUint64(), 0u);
    status.unlabelled = {UINT64_MAX, 7};
    status.relabels = Relabels::no;
    status.packet_sockets = true;
    json = parse_json(status_json(status));
    EXPECT_STREQ(json["relabels"].GetString(), "no");
    EXPECT_STREQ(json["packet_sockets"].GetString(), "denied");
    EXPECT_EQ(json["unlabelled"]["refused"].GetUint64(), UINT64_MAX);
    EXPECT_EQ(json["unlabelled"]["open"].GetUint64(), 7u);
    status.relabels = Relabels::before;
    EXPECT_STREQ(parse_json(status_json(status))["relabels"].GetString(), "before");
}

TEST(StatusJson, CgroupsBringTheStreamDeny) {
    const auto streams = [](const Status &status) {
        std::string names;
        const auto json = parse_json(status_json(status));
        for (const auto &stream : json["streams"].GetArray())
            names += std::string(stream["stream"].GetString()) + " ";
        return names;
    };
    EXPECT_EQ(streams(sample_status()), "icmp ");
    EXPECT_EQ(streams(status_with_cgroups()), "icmp deny ");
}

} // namespace
} // namespace pinpipe::ctl
