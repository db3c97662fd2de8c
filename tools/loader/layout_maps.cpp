// SPDX-License-Identifier: MIT
// Makes the maps and reader slots of a layout, and repairs those that a reader has broken.
#include "lib/system/directory_lock.h"
#include "tools/loader/layout.h"
#include "tools/loader/refusal.h"
#include "tools/loader/stage.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <numeric>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// inner: for an array-of-maps, the file descriptor of the map that is its template; else -1.
Result<Fd> make_map(const MapSpec &spec, uint32_t entries, int inner = -1) {
    LIBBPF_OPTS(bpf_map_create_opts, options);
    options.map_flags = spec.flags;
    if (inner >= 0)
        options.inner_map_fd = static_cast<__u32>(inner);
    Fd fd(bpf_map_create(static_cast<bpf_map_type>(spec.type), spec.name, spec.key_size,
                         spec.value_size, entries, &options));
    if (!fd.valid())
        return fail(kernel_error_to_check(std::string("make the map ") + spec.name, errno));
    return fd;
}

Result<void> pin(const Fd &fd, const std::string &path) {
    if (bpf_obj_pin(fd.get(), path.c_str()) != 0)
        return fail(kernel_error("pin " + path, errno));
    return {};
}

bool slot_is_free(const std::string &path) {
    const auto lock = try_lock_directory(path);
    return !lock || lock->valid();
}

// Whether the map is pinned, has the right shape, and is not frozen.
Result<bool> is_sound(const std::string &path, const MapSpec &spec) {
    const auto map = open_map(path, spec, Access::write);
    if (!map && map.error().code != 0 && map.error().code != ENOENT)
        return fail(map.error()); // says nothing about the map
    return map && !is_frozen(map->get());
}

// Puts maps into an array-of-maps, all at once where the kernel can: each single update waits for
// an RCU grace period.
Result<void> put_inner(const Fd &outer, const std::vector<__u32> &keys,
                       const std::vector<int> &inner) {
    LIBBPF_OPTS(bpf_map_batch_opts, options);
    auto count = static_cast<__u32>(keys.size());
    if (bpf_map_update_batch(outer.get(), keys.data(), inner.data(), &count, &options) == 0)
        return {};
    for (size_t i = 0; i < keys.size(); i++)
        if (bpf_map_update_elem(outer.get(), &keys[i], &inner[i], BPF_ANY) != 0)
            return fail(system_error("fill reader slot " + std::to_string(keys[i]), errno));
    return {};
}

} // namespace

// Makes new rings and control records for these slots, in place of the old pins.
Result<void> Layout::make_slots(const std::string &root, const std::vector<__u32> &slots) {
    std::vector<Fd> owners;
    std::vector<int> controls, rings;
    for (const __u32 slot : slots) {
        const std::string at = root + "/readers/" + std::to_string(slot);
        if (auto made = make_directory(at); !made)
            return made;
        for (const MapSpec *spec : {&control_map, &ring_map}) {
            auto map = make_map(*spec, spec->entries ? spec->entries : abi_.ring_size);
            if (!map)
                return fail(map.error());
            const std::string path = at + "/" + spec->name;
            unlink(path.c_str());
            if (auto pinned = pin(*map, path); !pinned)
                return pinned;
            (spec == &control_map ? controls : rings).push_back(map->get());
            owners.push_back(std::move(*map));
        }
    }
    if (auto put = put_inner(map(controls_map), slots, controls); !put)
        return put;
    return put_inner(map(rings_map), slots, rings);
}

Result<void> Layout::make_maps(const std::string &root) {
    auto inner_control = make_map(control_map, control_map.entries);
    auto inner_ring = make_map(ring_map, least_ring_size); // any size fits the template
    if (!inner_control || !inner_ring)
        return fail(inner_control ? inner_ring.error() : inner_control.error());
    for (const MapSpec *spec : shared_maps) {
        const int inner = spec == &controls_map ? inner_control->get()
                          : spec == &rings_map  ? inner_ring->get()
                                                : -1;
        auto map = make_map(*spec, spec->entries, inner);
        if (!map)
            return fail(map.error());
        if (auto pinned = pin(*map, root + "/" + spec->path); !pinned)
            return pinned;
        held(*spec) = std::move(*map);
    }
    for (const MapSpec *spec : watch_maps)
        if (auto pinned = pin(map(*spec), root + "/" + admin_path + "/" + spec->name); !pinned)
            return pinned;
    std::vector<__u32> slots(abi_.readers);
    std::iota(slots.begin(), slots.end(), 0);
    if (auto made = make_slots(root, slots); !made)
        return made;
    auto abi = make_map(abi_map, abi_map.entries);
    if (!abi)
        return fail(abi.error());
    abi_map_ = std::move(*abi);
    if (auto written = write_abi(); !written)
        return written;
    return pin(abi_map_, root + "/abi");
}

Result<void> Layout::repair_slots(const Pins &pins) {
    for (unsigned slot = 0; slot < abi_.readers; slot++) {
        const std::string at = pins.reader(slot);
        const auto control = is_sound(at + "/control", control_map);
        const auto ring = is_sound(at + "/ring", ring_map);
        if (!control || !ring)
            return fail(control ? ring.error() : control.error());
        if (*control && *ring)
            continue;
        if (!slot_is_free(at)) // a reader uses it; the ring is sound: mapped, it cannot be frozen
            continue;
        if (auto made = make_slots(pins.root(), {slot}); !made)
            return made;
        std::fprintf(stderr, "ebpf-load: reader slot %u was frozen or broken: replaced\n", slot);
    }
    return {};
}

// Programs still use the old map. This load replaces them: the map's id is part of a hook's build.
Result<void> Layout::repair_wanted(const Pins &pins) {
    if (!is_frozen(map(wanted_map).get()))
        return {};
    auto fresh = make_map(wanted_map, wanted_map.entries);
    if (!fresh)
        return fail(fresh.error());
    const std::string staged = stage_path(pins) + "/wanted";
    if (auto made = make_directory(stage_path(pins)); !made)
        return made;
    if (auto pinned = pin(*fresh, staged); !pinned)
        return pinned;
    if (auto moved = move_over(staged, pins.path(wanted_map.path)); !moved)
        return moved;
    held(wanted_map) = std::move(*fresh);
    std::fprintf(stderr, "ebpf-load: %s was frozen: replaced\n",
                 pins.path(wanted_map.path).c_str());
    return {};
}

} // namespace pinpipe::loader
