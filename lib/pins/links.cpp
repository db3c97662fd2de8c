// SPDX-License-Identifier: MIT
#include "lib/pins/links.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe {
namespace {

constexpr __u32 link_tcx = 11; // BPF_LINK_TYPE_TCX (Linux 6.6), which older headers do not have

// ifindex is the first field of the tcx part of bpf_link_info, as of the XDP part.
__u32 tcx_ifindex(const bpf_link_info &info) {
    return info.xdp.ifindex;
}

} // namespace

Result<Fd> open_link(const std::string &path) {
    Fd fd(bpf_obj_get(path.c_str()));
    if (!fd.valid())
        return fail(system_error("open " + path, errno));
    return fd;
}

void detach_link(const std::string &path) {
    if (const auto link = open_link(path))
        bpf_link_detach(link->get());
}

Result<LinkState> inspect_link(const Fd &link) {
    bpf_link_info info{};
    __u32 size = sizeof info;
    if (bpf_obj_get_info_by_fd(link.get(), &info, &size) != 0)
        return fail(system_error("inspect a link", errno));
    switch (info.type) {
    case BPF_LINK_TYPE_XDP:
        return LinkState{info.id, info.prog_id, info.xdp.ifindex, info.xdp.ifindex != 0};
    case BPF_LINK_TYPE_CGROUP:
        return LinkState{info.id, info.prog_id, 0, info.cgroup.cgroup_id != 0};
    case link_tcx:
        return LinkState{info.id, info.prog_id, tcx_ifindex(info), tcx_ifindex(info) != 0};
    case BPF_LINK_TYPE_RAW_TRACEPOINT:
    case BPF_LINK_TYPE_TRACING:
    case BPF_LINK_TYPE_PERF_EVENT: return LinkState{info.id, info.prog_id, 0, true};
    default: return fail(failure("a pinned link has a type that pinpipe does not use"));
    }
}

} // namespace pinpipe
