// SPDX-License-Identifier: MIT
// ebpf-ctl status: what is pinned, what is really attached, who reads, what is lost.
#pragma once

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
    std::string netns; // name of its network namespace, where it has one
    Attached attached;
    std::optional<Attached> sent;   // what counts what it sends; none: there is nothing
    hook_counters counters;         // sums over CPUs
    std::optional<uint64_t> missed; // runs left out: it was at work on that CPU; root alone knows
};

// Where rules hold.
struct CgroupStatus {
    unsigned number;
    cgroup_record record;
    Attached attached; // gone: the cgroup is
};

struct StreamCounts {
    uint64_t produced = 0;  // matched this reader's filter
    uint64_t delivered = 0; // taken out by the reader, as it says
    uint64_t lost = 0;      // found its ring full
};

struct ReaderStatus {
    unsigned slot;
    pid_t pid = 0; // who holds the slot; 0: it is free
    std::string comm;
    bool frozen = false;
    uint32_t streams = 0; // asked for, a bit each
    uint64_t unread = 0;  // bytes waiting; above the ring's size: the position is nonsense
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

// The socket probes' sums since the load.
struct SocketStatus {
    usage_sums all{};       // everything that was seen
    usage_sums full{};      // of it, without room in the maps
    usage_sums forgotten{}; // of it, of ended processes, fallen out of the dead ring
    uint64_t entries = 0;   // that the others are in, with those of ended processes in the ring
};

// When a socket that came from another process comes under the rules of the one that uses it.
enum class Relabels {
    no,
    after, // its first send or receive: that may pass
    before,
};

struct Status {
    std::string pin_root;
    abi_record abi{};
    std::string group;
    std::vector<HookStatus> hooks;
    std::vector<CgroupStatus> cgroups;
    Relabels relabels = Relabels::no;
    bool packet_sockets = false; // of ruled processes are denied
    std::optional<SocketStatus> sockets;
    std::vector<ReaderStatus> readers;
    std::vector<MapStatus> maps;

    StreamCounts counts(unsigned stream) const; // of all readers since the load
    uint32_t streams() const; // that are loaded and come through rings, a bit each
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
