// SPDX-License-Identifier: MIT
#include "tools/loader/foreign.h"

#include "lib/pins/links.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <linux/if_link.h>
#include <memory>

namespace pinpipe::loader {
namespace {

Result<bpf_prog_info> inspect_program(int fd) {
    bpf_prog_info info{};
    __u32 size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        return fail(system_error("inspect an XDP program", errno));
    return info;
}

// The foreign program's link, if it was attached by one.
Fd find_link(uint32_t program, uint32_t ifindex) {
    for (__u32 id = 0; bpf_link_get_next_id(id, &id) == 0;) {
        Fd link(bpf_link_get_fd_by_id(id));
        const auto state = link.valid() ? inspect_link(link) : fail(Error{});
        if (state && state->program == program && state->ifindex == ifindex)
            return link;
    }
    return Fd();
}

} // namespace

Result<std::optional<Foreign>> find_foreign(const Interface &interface,
                                            const std::vector<uint32_t> &own) {
    LIBBPF_OPTS(bpf_xdp_query_opts, query);
    if (const int code = bpf_xdp_query(static_cast<int>(interface.index), 0, &query); code != 0)
        return fail(system_error("query XDP of " + interface.name, -code));
    const std::pair<__u32, __u32> attached[] = {{query.drv_prog_id, XDP_FLAGS_DRV_MODE},
                                                {query.skb_prog_id, XDP_FLAGS_SKB_MODE},
                                                {query.hw_prog_id, XDP_FLAGS_HW_MODE}};
    for (const auto &[id, flags] : attached) {
        if (!id || std::find(own.begin(), own.end(), id) != own.end())
            continue;
        Foreign foreign{.id = id, .flags = flags, .name = {}};
        const Fd fd(bpf_prog_get_fd_by_id(id));
        if (const auto info = fd.valid() ? inspect_program(fd.get()) : fail(Error{}))
            foreign.name = std::string(info->name, strnlen(info->name, sizeof info->name));
        return foreign;
    }
    return std::optional<Foreign>();
}

Result<void> detach_foreign(const Netns &netns, const Interface &interface, const Foreign &foreign,
                            Undo &undo) {
    const int index = static_cast<int>(interface.index);
    const auto program = std::make_shared<Fd>(bpf_prog_get_fd_by_id(foreign.id));
    const Fd link = find_link(foreign.id, interface.index);
    // Added before the call: the kernel may detach the program and still return an error.
    undo.add([&netns, index, program, flags = foreign.flags | XDP_FLAGS_UPDATE_IF_NOEXIST] {
        static_cast<void>(netns.inside([&]() -> Result<void> {
            bpf_xdp_attach(index, program->get(), flags, nullptr);
            return {};
        }));
    });
    int code = 0;
    if (link.valid()) {
        code = bpf_link_detach(link.get()) == 0 ? 0 : -errno;
    } else {
        LIBBPF_OPTS(bpf_xdp_attach_opts, options);
        options.old_prog_fd = program->get();
        code = bpf_xdp_detach(index, foreign.flags | XDP_FLAGS_REPLACE, &options);
    }
    if (code != 0)
        return fail(system_error(
            "detach program " + std::to_string(foreign.id) + " from " + interface.name, -code));
    return {};
}

} // namespace pinpipe::loader
