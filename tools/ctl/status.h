// SPDX-License-Identifier: MIT
// ebpf-ctl status: what is pinned, what is attached, which readers there are, what was lost.
#pragma once

#include "bpf/abi/rules.h"
#include "lib/base/options.h"
#include "tools/ctl/attachment.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace pinpipe::ctl {

struct HookStatus {
    unsigned number;
    hook_record record;
    std::string netns; // name of its network namespace; empty: it has none
    Attached attached;
    std::optional<Attached> sent;   // the program that counts what it sends; none: there is none
    hook_counters counters;         // sums over CPUs
    std::optional<uint64_t> missed; // runs that the kernel left out; known to root alone
};

// A cgroup where rules hold.
struct CgroupStatus {
    unsigned number;
    cgroup_record record;
    Attached attached; // gone: the cgroup is gone
};

struct StreamCounts {
    uint64_t produced = 0;  // events that matched the filter of the reader
    uint64_t delivered = 0; // events that the reader took out of its ring, as it says
    uint64_t lost = 0;      // events for which its ring was full
};

struct ReaderStatus {
    unsigned slot;
    pid_t pid = 0; // the process that holds the slot; 0: none does
    std::string comm;
    bool frozen = false;
    uint32_t streams = 0; // that it asked for: a bit each
    uint64_t unread = 0;  // bytes in the ring; above its size: the consumer position is wrong
    std::array<StreamCounts, STREAMS> now;    // since the claim
    std::array<StreamCounts, STREAMS> before; // since the load
};

struct MapStatus {
    std::string path;
    uint32_t id = 0;
    uint32_t type = 0;
    uint32_t entries = 0;
    uint64_t bytes = 0; // of kernel memory
};

// Sums of the socket probes since the load.
struct SocketStatus {
    usage_sums all{};       // all sockets
    usage_sums full{};      // for which the maps had no room
    usage_sums forgotten{}; // of ended processes, overwritten in the ring of the dead
    uint64_t entries = 0;   // in the maps and in the ring of the dead: all other sums
};

// When rules of a process begin to hold for a socket that it got from another process.
enum class Relabels {
    no,
    after,  // after its first send or receive, which may pass
    before, // before its first send
};

struct Status {
    std::string pin_root;
    abi_record abi{};
    std::string group;
    std::vector<HookStatus> hooks;
    std::vector<CgroupStatus> cgroups;
    Relabels relabels = Relabels::no;
    unlabelled_record unlabelled{};
    bool packet_sockets = false; // AF_PACKET sockets are denied to processes with rules
    std::optional<SocketStatus> sockets;
    std::vector<ReaderStatus> readers;
    std::vector<MapStatus> maps;

    StreamCounts counts(unsigned stream) const; // of all readers, since the load
    uint32_t streams() const; // streams that are loaded and go through rings: a bit each
};

Result<Status> gather_status(const std::string &pin_root);

// Words that text and JSON share.
const char *mode_text(const hook_record &record); // "native", "generic": of an XDP program
const char *sent_text(const HookStatus &hook);    // as attached_text(), or "no"
const char *reader_state(const Status &status,
                         const ReaderStatus &reader); // "claimed", "free", ...

std::string status_text(const Status &status);
std::string status_json(const Status &status); // one line, with its newline

} // namespace pinpipe::ctl
