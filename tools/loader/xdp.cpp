#include "tools/loader/xdp.h"

#include "lib/base/hash.h"

#include "bpf/xdp/xdp.skel.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/if_link.h>
#include <memory>
#include <string_view>

namespace pinpipe::loader {
namespace {

using Skeleton = std::unique_ptr<xdp, decltype(&xdp::destroy)>;

uint32_t map_id(const Fd &map) {
    bpf_map_info info{};
    __u32 size = sizeof info;
    return bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0 ? info.id : 0;
}

Result<bpf_prog_info> inspect_program(int fd) {
    bpf_prog_info info{};
    __u32 size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        return fail(system_error("inspect an XDP program", errno));
    return info;
}

Result<void> share_maps(const Skeleton &skeleton, const Layout &layout) {
    const std::pair<bpf_map *, const MapSpec *> shared[] = {
        {skeleton->maps.data_wanted, &wanted_map}, {skeleton->maps.controls, &controls_map},
        {skeleton->maps.rings, &rings_map},        {skeleton->maps.losses, &losses_map},
        {skeleton->maps.counters, &counters_map},  {skeleton->maps.data_watching, &watching_map},
        {skeleton->maps.watched, &watched_map},    {skeleton->maps.port_counts, &port_counts_map},
    };
    for (const auto &[map, spec] : shared)
        if (const int code = bpf_map__reuse_fd(map, layout.map(*spec).get()); code != 0)
            return fail(system_error(std::string("share the map ") + spec->name, -code));
    return {};
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

uint32_t frags_flag() {
    static const int known =
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, nullptr);
    return known == 1 ? HOOK_FRAGS : 0;
}

uint64_t xdp_build(const Layout &layout, unsigned number, uint32_t flags) {
    size_t size = 0;
    const auto *object = static_cast<const char *>(xdp::elf_bytes(&size));
    uint64_t state = hash_bytes(hash_start, {object, size});
    state = hash_value(state, number);
    state = hash_value(state, flags & (HOOK_RAW_IP | HOOK_FRAGS | HOOK_SENT));
    state = hash_value(state, layout.abi().ring_size);
    state = hash_value(state, layout.abi().readers);
    for (const MapSpec *spec : watch_maps)
        state = hash_value(state, map_id(layout.map(*spec)));
    return hash_value(state, map_id(layout.map(wanted_map)));
}

Result<Program> load_xdp(const Layout &layout, unsigned number, uint32_t flags) {
    const Skeleton skeleton(xdp::open(), xdp::destroy);
    if (!skeleton)
        return fail(system_error("open the XDP object", errno));
    bpf_program *const program =
        flags & HOOK_FRAGS ? skeleton->progs.see_frags : skeleton->progs.see_packet;
    bpf_program__set_autoload(skeleton->progs.see_frags, flags & HOOK_FRAGS);
    bpf_program__set_autoload(skeleton->progs.see_packet, !(flags & HOOK_FRAGS));
    skeleton->rodata->hook_number = static_cast<__u8>(number);
    skeleton->rodata->raw_ip = flags & HOOK_RAW_IP;
    skeleton->rodata->ring_size = layout.abi().ring_size;
    skeleton->rodata->reader_slots = layout.abi().readers;
    if (auto shared = share_maps(skeleton, layout); !shared)
        return fail(shared.error());
    if (const int code = xdp::load(skeleton.get()); code != 0)
        return fail(system_error(std::string("load ") + bpf_program__name(program), -code)
                        .with_hint("sudo ebpf-load --check; with -v: the kernel's log"));

    Program loaded;
    loaded.fd = Fd(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3));
    const auto info = inspect_program(loaded.fd.get());
    if (!info)
        return fail(info.error());
    loaded.id = info->id;
    return loaded;
}

Result<Fd> attach_xdp(const Program &program, const Interface &interface, Mode mode,
                      uint32_t &flags) {
    int code = 0;
    for (const Mode attempt : {Mode::native, Mode::generic}) {
        if (mode != Mode::any && mode != attempt)
            continue;
        LIBBPF_OPTS(bpf_link_create_opts, options);
        options.flags = attempt == Mode::native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
        Fd link(bpf_link_create(program.fd.get(), static_cast<int>(interface.index), BPF_XDP,
                                &options));
        if (link.valid()) {
            flags = attempt == Mode::generic ? flags | HOOK_GENERIC : flags & ~HOOK_GENERIC;
            return link;
        }
        code = errno;
        if (code == EBUSY || code == EEXIST || code == EPERM)
            break;
    }
    const char *how = mode == Mode::native ? " in native mode" : "";
    Error error = system_error("attach to " + interface.name + how, code);
    if (mode == Mode::native)
        error.hint = "sudo ebpf-load --xdp " + interface.name + ":generic";
    return fail(std::move(error));
}

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
    // Noted before: the kernel may have detached it although its answer did not arrive.
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
