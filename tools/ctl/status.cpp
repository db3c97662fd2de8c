// SPDX-License-Identifier: MIT
#include "tools/ctl/status.h"

#include "lib/event/stream_names.h"
#include "lib/pins/usage_maps.h"
#include "tools/ctl/readers_status.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::ctl {
namespace {

std::string group_text(gid_t gid) {
    const group *entry = getgrgid(gid);
    return entry ? entry->gr_name : std::to_string(gid);
}

// Name of a network namespace that ip-netns(8) knows; empty for others.
std::string netns_name(uint64_t inode) {
    std::error_code ignored;
    for (const auto &entry : std::filesystem::directory_iterator("/run/netns", ignored)) {
        struct stat st {};
        if (stat(entry.path().c_str(), &st) == 0 && st.st_ino == inode)
            return entry.path().filename();
    }
    return "";
}

// How often the kernel left a tracing program out, since it was running on that CPU already.
std::optional<uint64_t> missed_by(const hook_record &record) {
    const Fd program(record.kind == HOOK_SOCKETS ? bpf_prog_get_fd_by_id(record.program) : -1);
    bpf_prog_info info{};
    __u32 size = sizeof info;
    if (!program.valid() || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0)
        return std::nullopt;
    return info.recursion_misses;
}

Result<hook_counters> sum_counters(const Fd &map, unsigned number, const std::string &path) {
    std::vector<hook_counters> each(static_cast<size_t>(libbpf_num_possible_cpus()));
    if (auto read = read_bytes(map, number, each.data(), path); !read)
        return fail(read.error());
    hook_counters sum{};
    for (const hook_counters &c : each) {
        sum.malformed += c.malformed;
        sum.truncated += c.truncated;
        sum.fragments += c.fragments;
        sum.port_fragments += c.port_fragments;
        sum.sent_fragments += c.sent_fragments;
        sum.uncounted += c.uncounted;
        sum.uncounted_bytes += c.uncounted_bytes;
    }
    return sum;
}

Result<void> gather_hooks(const Pins &pins, Status &status) {
    auto hooks = pins.open(hooks_map, Access::read);
    if (!hooks)
        return fail(hooks.error());
    auto counters = pins.open(counters_map, Access::read);
    if (!counters)
        return fail(counters.error());
    const auto table = read_hooks(*hooks, pins.path(hooks_map.path));
    if (!table)
        return fail(table.error());
    for (unsigned number = 0; number < MAX_HOOKS; number++) {
        const hook_record &record = (*table)[number];
        if (record.kind == HOOK_NONE)
            continue;
        const auto sum = sum_counters(*counters, number, pins.path(counters_map.path));
        if (!sum)
            return fail(sum.error());
        status.hooks.push_back({number, record, netns_name(record.netns),
                                hook_attached(pins, number, record),
                                sent_attached(pins, number, record), *sum, missed_by(record)});
    }
    return {};
}

Result<void> gather_cgroups(const Pins &pins, Status &status) {
    if (access(pins.path(cgroups_map.path).c_str(), F_OK) != 0)
        return {};
    const auto map = pins.open(cgroups_map, Access::read);
    if (!map)
        return fail(map.error());
    for (unsigned number = 0; number < MAX_CGROUPS; number++) {
        cgroup_record record{};
        if (auto read = read_element(*map, number, record, pins.path(cgroups_map.path)); !read)
            return read;
        record.path[sizeof record.path - 1] = '\0';
        if (record.id)
            status.cgroups.push_back({number, record, cgroup_attached(pins, number, record)});
    }
    const auto unlabelled = pins.open(unlabelled_map, Access::read);
    if (!unlabelled)
        return fail(unlabelled.error());
    if (auto read = read_element(*unlabelled, 0, status.unlabelled, pins.path(unlabelled_map.path));
        !read)
        return read;
    const auto has = [&](const std::string &link) {
        return access(pins.path("links/" + link).c_str(), F_OK) == 0;
    };
    status.relabels = has("p-see_sendmsg") ? Relabels::before
                      : has("p-see_send")  ? Relabels::after
                                           : Relabels::no;
    status.packet_sockets =
        std::all_of(status.cgroups.begin(), status.cgroups.end(), [&](const CgroupStatus &cgroup) {
            return has("c" + std::to_string(cgroup.number) + "-create_packet");
        });
    return {};
}

Result<void> gather_sockets(const Pins &pins, Status &status) {
    bool loaded = false;
    for (const HookStatus &hook : status.hooks)
        loaded = loaded || hook.record.kind == HOOK_SOCKETS;
    if (!loaded)
        return {};
    auto maps = UsageMaps::open(pins);
    if (!maps)
        return fail(maps.error());
    SocketStatus sockets;
    const auto loss =
        maps->look([&](const UsageEntry &entry) { sockets.all = sockets.all + entry.sums; });
    if (!loss)
        return fail(loss.error());
    sockets.full = loss->full;
    sockets.forgotten = loss->forgotten;
    sockets.all = sockets.all + loss->full + loss->forgotten;
    sockets.entries = maps->entries();
    status.sockets = sockets;
    return {};
}

uint64_t memory_of(int map) {
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(map));
    uint64_t bytes = 0;
    for (std::string line; std::getline(info, line);)
        if (std::sscanf(line.c_str(), "memlock: %lu", &bytes) == 1)
            break;
    return bytes;
}

// Leaves out maps that may not be opened: those of the loader.
void add_map(Status &status, const std::string &path, const MapSpec &spec) {
    const auto map =
        open_map(path, spec, spec.type == BPF_MAP_TYPE_RINGBUF ? Access::write : Access::read);
    bpf_map_info info{};
    __u32 size = sizeof info;
    if (!map || bpf_obj_get_info_by_fd(map->get(), &info, &size) != 0)
        return;
    const uint64_t ring =
        info.type == BPF_MAP_TYPE_RINGBUF ? info.max_entries : 0; // not in memlock of Linux 6.1
    status.maps.push_back(
        {path, info.id, info.type, info.max_entries, std::max(ring, memory_of(map->get()))});
}

void gather_maps(const Pins &pins, Status &status) {
    add_map(status, pins.path(abi_map.path), abi_map);
    for (const auto &maps : {shared_maps, socket_maps, policy_maps})
        for (const MapSpec *spec : maps)
            if (spec != &exes_map) // which is in both lists
                add_map(status, pins.path(spec->path), *spec);
    add_map(status, pins.path(exes_map.path), exes_map);
    for (unsigned slot = 0; slot < status.abi.readers; slot++) {
        add_map(status, pins.reader(slot) + "/control", control_map);
        add_map(status, pins.reader(slot) + "/ring", ring_map);
    }
}

} // namespace

const char *mode_text(const hook_record &record) {
    return record.flags & HOOK_GENERIC ? "generic" : "native";
}

const char *sent_text(const HookStatus &hook) {
    return hook.sent ? attached_text(*hook.sent) : "no";
}

const char *reader_state(const Status &status, const ReaderStatus &reader) {
    if (reader.frozen)
        return "frozen";
    if (reader.unread > status.abi.ring_size)
        return "displaced"; // its consumer position is wrong; the next claim repairs it
    return reader.pid ? "claimed" : reader.streams ? "abandoned" : "free";
}

StreamCounts Status::counts(unsigned stream) const {
    StreamCounts sum;
    for (const ReaderStatus &reader : readers) {
        sum.produced += reader.before[stream].produced;
        sum.delivered += reader.before[stream].delivered;
        sum.lost += reader.before[stream].lost;
    }
    return sum;
}

uint32_t Status::streams() const {
    uint32_t loaded = 0;
    for (const HookStatus &hook : hooks)
        loaded |= hook.record.kind == HOOK_XDP       ? 1U << STREAM_ICMP
                  : hook.record.kind == HOOK_SOCKETS ? socket_streams
                                                     : 0;
    return cgroups.empty() ? loaded : loaded | 1U << STREAM_DENY;
}

Result<Status> gather_status(const std::string &pin_root) {
    const Pins pins(pin_root);
    Status status;
    status.pin_root = pin_root;
    const auto abi = pins.abi();
    if (!abi)
        return fail(abi.error());
    status.abi = *abi;
    status.abi.program[sizeof status.abi.program - 1] = '\0';
    status.group = group_text(abi->group);
    if (auto gathered = gather_hooks(pins, status); !gathered)
        return fail(gathered.error());
    if (auto gathered = gather_cgroups(pins, status); !gathered)
        return fail(gathered.error());
    if (auto gathered = gather_sockets(pins, status); !gathered)
        return fail(gathered.error());
    auto readers = gather_readers(pins, status.abi.readers);
    if (!readers)
        return fail(readers.error());
    status.readers = std::move(*readers);
    gather_maps(pins, status);
    return status;
}

} // namespace pinpipe::ctl
