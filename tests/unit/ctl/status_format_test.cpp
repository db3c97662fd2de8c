// SPDX-License-Identifier: MIT
#include "tests/unit/support/json.h"
#include "tools/ctl/status.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sstream>

namespace pinpipe::ctl {
namespace {

Status sample() {
    Status status;
    status.pin_root = "/run/ebpf";
    status.group = "ebpf";
    status.abi.version = LAYOUT_VERSION;
    status.abi.readers = 3;
    status.abi.ring_size = 65536;
    status.abi.group = 990;
    status.abi.loaded = 1'700'000'000'123'000'000;
    std::strcpy(status.abi.program, "1.2.3");
    HookStatus hook{};
    hook.number = 7;
    hook.record.kind = HOOK_XDP;
    hook.record.ifindex = 2;
    hook.record.program = 44;
    hook.record.netns = 4026531840;
    std::strcpy(hook.record.name, "eth0");
    hook.attached = Attached::yes;
    hook.missed = std::nullopt;
    hook.counters = {1, 2, 3, 4, 5, 6, 7};
    status.hooks = {hook};
    ReaderStatus busy{}, free{};
    busy.slot = 0;
    busy.pid = 4242;
    busy.comm = "ebpf-read";
    busy.streams = 1;
    busy.unread = 72;
    busy.now[STREAM_ICMP] = {.produced = 10, .delivered = 9, .lost = 4};
    busy.before[STREAM_ICMP] = {.produced = 100, .delivered = 90, .lost = 40};
    free.slot = 1;
    free.before[STREAM_ICMP] = {.produced = 5, .delivered = 5, .lost = 0};
    status.readers = {busy, free};
    status.maps = {
        {.path = "maps/hooks", .id = 9, .type = BPF_MAP_TYPE_ARRAY, .entries = 64, .bytes = 4096}};
    return status;
}

TEST(StatusFormat, WhatTheKernelRefused) {
    Status status = sample();
    EXPECT_TRUE(parse_json(status_json(status))["not_granted"].Empty());
    EXPECT_EQ(status_text(status).find("not granted"), std::string::npos);
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
    EXPECT_NE(status_text(status).find("\nnot granted: see_sent (tc): cannot allocate memory: "),
              std::string::npos);
}

std::string state_of(const ReaderStatus &reader) {
    Status status = sample();
    status.readers = {reader};
    return parse_json(status_json(status))["readers"][0]["state"].GetString();
}

TEST(StatusFormat, JsonHasItAll) {
    const std::string line = status_json(sample());
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

TEST(StatusFormat, WhatAnInterfaceSends) {
    Status status = sample();
    const auto without = parse_json(status_json(status));
    EXPECT_STREQ(without["hooks"][0]["sent"].GetString(), "no");
    EXPECT_FALSE(without["hooks"][0].HasMember("sent_fragments")) << "absent: it is not measured";
    EXPECT_NE(status_text(status).find(" 4 in  (uncounted 6)\n"), std::string::npos)
        << status_text(status);
    status.hooks[0].sent = Attached::yes;
    status.hooks[0].counters.uncounted = 0;
    const auto json = parse_json(status_json(status));
    const auto &hook = json["hooks"][0];
    EXPECT_STREQ(hook["sent"].GetString(), "attached");
    EXPECT_EQ(hook["port_fragments"].GetUint(), 4u);
    EXPECT_EQ(hook["sent_fragments"].GetUint(), 5u);
    EXPECT_EQ(hook["uncounted"].GetUint(), 0u);
    EXPECT_EQ(hook["uncounted_bytes"].GetUint(), 7u);
    const std::string text = status_text(status);
    for (const char *part :
         {"\n   7  xdp   eth0             native   attached   attached   ", " 4 in, 5 out\n"})
        EXPECT_NE(text.find(part), text.npos) << part << " in\n" << text;
    status.hooks[0].sent = Attached::gone;
    EXPECT_NE(status_text(status).find("  attached   gone       "), text.npos);
}

TEST(StatusFormat, AnEmptyOneIsJsonToo) {
    EXPECT_TRUE(is_event_line(status_json(Status{})));
}

TEST(StatusFormat, StatesOfReaders) {
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

TEST(StatusFormat, StatesOfHooks) {
    EXPECT_STREQ(attached_text(Attached::yes), "attached");
    EXPECT_STREQ(attached_text(Attached::gone), "gone");
    EXPECT_STREQ(attached_text(Attached::exchanged), "exchanged");
    EXPECT_STREQ(attached_text(Attached::unpinned), "unpinned");
    EXPECT_STREQ(attached_text(Attached::unknown), "unknown");
}

// Every text that another user may have chosen.
Status hostile(const std::string &name) {
    Status status = sample();
    status.pin_root = "/" + name;
    status.group = name;
    status.readers[0].comm = name;
    status.hooks[0].netns = name;
    status.hooks[0].record.name[name.copy(status.hooks[0].record.name, 15)] = '\0';
    status.abi.program[name.copy(status.abi.program, 23)] = '\0';
    return status;
}

TEST(StatusFormat, NamesDoNoHarm) {
    for (const char *name : {"\x1b[31m\n", "\"\\", "\xc2\x9b\xff", "\r\t\x7f"}) {
        EXPECT_TRUE(is_event_line(status_json(hostile(name))));
        std::istringstream text(status_text(hostile(name)));
        for (std::string line; std::getline(text, line);)
            EXPECT_TRUE(is_harmless(line));
    }
}

// There are as many lines as without long names: a long name cuts no line.
TEST(StatusFormat, LongNamesKeepTheirLines) {
    const auto lines = [](const std::string &text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    const std::string usual = status_text(hostile("x"));
    for (size_t length : {100u, 255u, 600u, 4000u}) {
        const std::string name(length, 'x');
        const std::string text = status_text(hostile(name));
        EXPECT_EQ(lines(text), lines(usual)) << length;
        EXPECT_NE(text.find("/" + name + ": layout " + std::to_string(LAYOUT_VERSION)), text.npos)
            << length;
        EXPECT_EQ(text.back(), '\n');
    }
}

Status with_cgroups() {
    Status status = sample();
    CgroupStatus one{}, two{};
    one.number = 0;
    one.record.id = 18446744073709551615U;
    std::strcpy(one.record.path, "/sys/fs/cgroup/app");
    one.attached = Attached::yes;
    two.number = 3;
    two.record.id = 77;
    std::strcpy(two.record.path, "/sys/fs/cgroup/\x1b[31m");
    two.attached = Attached::gone;
    status.cgroups = {one, two};
    status.relabels = Relabels::after;
    return status;
}

TEST(StatusFormat, CgroupsAsJson) {
    EXPECT_FALSE(parse_json(status_json(sample())).HasMember("cgroups"));
    EXPECT_FALSE(parse_json(status_json(sample())).HasMember("relabels"));
    Status status = with_cgroups();
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
    status.relabels = Relabels::no;
    status.packet_sockets = true;
    json = parse_json(status_json(status));
    EXPECT_STREQ(json["relabels"].GetString(), "no");
    EXPECT_STREQ(json["packet_sockets"].GetString(), "denied");
    status.relabels = Relabels::before;
    EXPECT_STREQ(parse_json(status_json(status))["relabels"].GetString(), "before");
}

TEST(StatusFormat, CgroupsBringTheStreamDeny) {
    const auto streams = [](const Status &status) {
        std::string names;
        const auto json = parse_json(status_json(status));
        for (const auto &stream : json["streams"].GetArray())
            names += std::string(stream["stream"].GetString()) + " ";
        return names;
    };
    EXPECT_EQ(streams(sample()), "icmp ");
    EXPECT_EQ(streams(with_cgroups()), "icmp deny ");
}

TEST(StatusFormat, CgroupsAsText) {
    Status status = with_cgroups();
    std::string text = status_text(status);
    for (const char *part :
         {"\ncgroup  state      path\n", "\n     0  attached   /sys/fs/cgroup/app\n",
          "\n     3  gone       /sys/fs/cgroup/\\x1b[31m\n",
          "\nnot covered: packet sockets (AF_PACKET); the first send on a socket that came from "
          "another process\n",
          "\ndeny "})
        EXPECT_NE(text.find(part), text.npos) << part << " in\n" << text;
    status.relabels = Relabels::no;
    EXPECT_NE(status_text(status).find("; sockets that came from another process\n"), text.npos);
    status.packet_sockets = true;
    EXPECT_NE(status_text(status).find("\nnot covered: sockets that came from another process\n"),
              text.npos);
    status.relabels = Relabels::before;
    EXPECT_EQ(status_text(status).find("not covered"), text.npos);
    status.hooks.clear(); // only cgroups: no table of hooks
    EXPECT_EQ(status_text(status).find("\nhook "), text.npos);
    EXPECT_EQ(status_text(sample()).find("cgroup"), text.npos);
}

TEST(StatusFormat, TextHasItAll) {
    const std::string text = status_text(sample());
    const std::string layout = "/run/ebpf: layout " + std::to_string(LAYOUT_VERSION) + ", loaded ";
    for (const char *part : {layout.c_str(), " by ebpf-load 1.2.3\n",
                             "3 readers, 65536 bytes of ring each, read group ebpf; 1 maps, 4 KiB",
                             "eth0", "attached", "4026531840", "claimed", "ebpf-read 4242"})
        EXPECT_NE(text.find(part), text.npos) << part << " in\n" << text;
}

} // namespace
} // namespace pinpipe::ctl
