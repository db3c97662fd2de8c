// SPDX-License-Identifier: MIT
#include "tests/unit/support/json.h"
#include "tests/unit/support/status_samples.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <gtest/gtest.h>
#include <sstream>

namespace pinpipe::ctl {
namespace {

const std::string layout = "layout " + std::to_string(LAYOUT_VERSION);

TEST(StatusText, TablesAreAligned) {
    Status status = status_with_cgroups();
    setenv("TZ", "UTC", 1);
    HookStatus sockets{};
    sockets.number = 33;
    sockets.record.kind = HOOK_SOCKETS;
    sockets.record.flags = HOOK_FENTRY;
    std::strcpy(sockets.record.name, "tcp_sendmsg");
    sockets.attached = Attached::exchanged;
    status.hooks[0].record.flags = HOOK_GENERIC | HOOK_VLAN_OFFLOAD;
    status.hooks.push_back(sockets);
    sockets.missed = 12;
    status.hooks.push_back(sockets);
    status.abi.payload = 256;
    status.sockets = SocketStatus{{1, 2, 3, 4}, {5, 6, 7, 8}, {}, 1};
    status.readers[1].pid = 7;
    status.readers[1].comm = "a-name-of-15-ch";
    status.readers[1].unread = 65537;
    EXPECT_EQ(
        status_text(status),
        "/run/ebpf: " + layout +
            ", loaded 2023-11-14 22:13:20 by ebpf-load 1.2.3\n"
            "3 readers, 65536 bytes of ring each, read group ebpf; 1 maps, 4 KiB\n"
            "payload: 256 bytes of a message\n"
            "\n"
            "hook  kind  where            mode     state      sent       netns             "
            "malformed  "
            "truncated  ICMP fragments  TCP/UDP fragments\n"
            "   7  xdp   eth0             generic  attached   no         4026531840                "
            "1  "
            "        2               3               4 in  (uncounted 6)  (hardware takes VLAN "
            "tags)\n"
            "  33  sock  tcp_sendmsg      fentry   exchanged\n"
            "  33  sock  tcp_sendmsg      fentry   exchanged, missed 12\n"
            "\n"
            "cgroup  state      path\n"
            "     0  attached   /sys/fs/cgroup/app\n"
            "     3  gone       /sys/fs/cgroup/\\x1b[31m\n"
            "not covered: packet sockets (AF_PACKET); the first send on a socket that came from "
            "another process\n"
            "\n"
            "sockets              bytes sent  bytes received        calls\n"
            "seen                          1               2            7\n"
            "no room                       5               6           15\n"
            "forgotten                     0               0            0\n"
            "\n"
            "slot  state      who                      produced   delivered        lost  unread "
            "bytes  streams\n"
            "   0  claimed    ebpf-read 4242                 10           9           4            "
            "72  icmp\n"
            "   1  displaced  a-name-of-15-ch 7               0           0           0            "
            " "
            "?\n"
            "      0 of 3 slots are free\n"
            "\n"
            "stream     produced   delivered        lost   (all readers, since the load)\n"
            "icmp            105          95          40\n"
            "tcp               0           0           0\n"
            "udp               0           0           0\n"
            "conn              0           0           0\n"
            "bind              0           0           0\n"
            "deny              0           0           0\n");
    unsetenv("TZ");
}

TEST(StatusText, TextHasItAll) {
    const std::string text = status_text(sample_status());
    const std::string loaded = "/run/ebpf: " + layout + ", loaded ";
    for (const char *part : {loaded.c_str(), " by ebpf-load 1.2.3\n",
                             "3 readers, 65536 bytes of ring each, read group ebpf; 1 maps, 4 KiB",
                             "eth0", "attached", "4026531840", "claimed", "ebpf-read 4242"})
        EXPECT_NE(text.find(part), text.npos) << part << " in\n" << text;
}

TEST(StatusText, WhatTheKernelRefused) {
    Status status = sample_status();
    EXPECT_EQ(status_text(status).find("not granted"), std::string::npos);
    status.abi.refused[OPTIONAL_SEE_SENT] = ENOMEM;
    EXPECT_NE(status_text(status).find("\nnot granted: see_sent (tc): cannot allocate memory: "),
              std::string::npos);
}

TEST(StatusText, WhatAnInterfaceSends) {
    Status status = sample_status();
    EXPECT_NE(status_text(status).find(" 4 in  (uncounted 6)\n"), std::string::npos)
        << status_text(status);
    status.hooks[0].sent = Attached::yes;
    status.hooks[0].counters.uncounted = 0;
    const std::string text = status_text(status);
    for (const char *part :
         {"\n   7  xdp   eth0             native   attached   attached   ", " 4 in, 5 out\n"})
        EXPECT_NE(text.find(part), text.npos) << part << " in\n" << text;
    status.hooks[0].sent = Attached::gone;
    EXPECT_NE(status_text(status).find("  attached   gone       "), text.npos);
}

TEST(StatusText, NamesDoNoHarm) {
    for (const char *name : {"\x1b[31m\n", "\"\\", "\xc2\x9b\xff", "\r\t\x7f"}) {
        std::istringstream text(status_text(hostile_status(name)));
        for (std::string line; std::getline(text, line);)
            EXPECT_TRUE(is_harmless(line));
    }
}

// As many lines as without: a long name ends none of them early.
TEST(StatusText, LongNamesKeepTheirLines) {
    const auto lines = [](const std::string &text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    const std::string usual = status_text(hostile_status("x"));
    for (size_t length : {100u, 255u, 600u, 4000u}) {
        const std::string name(length, 'x');
        const std::string text = status_text(hostile_status(name));
        EXPECT_EQ(lines(text), lines(usual)) << length;
        EXPECT_NE(text.find("/" + name + ": " + layout), text.npos) << length;
        EXPECT_EQ(text.back(), '\n');
    }
}

TEST(StatusText, CgroupsAsText) {
    Status status = status_with_cgroups();
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
    EXPECT_EQ(status_text(status).find("no memory"), text.npos);
    status.unlabelled = {5, 1};
    EXPECT_NE(status_text(status).find("\nno memory for the labels of sockets: 5 calls refused, 1 "
                                       "uses of open sockets not judged\n"),
              text.npos);
    status.hooks.clear(); // cgroups alone: no table of hooks
    EXPECT_EQ(status_text(status).find("\nhook "), text.npos);
    EXPECT_EQ(status_text(sample_status()).find("cgroup"), text.npos);
}

} // namespace
} // namespace pinpipe::ctl
