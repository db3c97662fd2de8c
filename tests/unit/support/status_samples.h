// SPDX-License-Identifier: MIT
// Statuses as ebpf-ctl status gathers them, for its text and its JSON.
#pragma once

#include "tools/ctl/status.h"

#include <cstring>
#include <linux/bpf.h>

namespace pinpipe::ctl {

inline Status sample_status() {
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

// Everything that somebody else may have named.
inline Status hostile_status(const std::string &name) {
    Status status = sample_status();
    status.pin_root = "/" + name;
    status.group = name;
    status.readers[0].comm = name;
    status.hooks[0].netns = name;
    status.hooks[0].record.name[name.copy(status.hooks[0].record.name, 15)] = '\0';
    status.abi.program[name.copy(status.abi.program, 23)] = '\0';
    return status;
}

inline Status status_with_cgroups() {
    Status status = sample_status();
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

} // namespace pinpipe::ctl
