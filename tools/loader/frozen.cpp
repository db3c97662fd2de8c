// SPDX-License-Identifier: MIT
#include "tools/loader/frozen.h"

#include "lib/base/hash.h"
#include "tools/loader/exists.h"
#include "tools/loader/object.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace pinpipe::loader {
namespace {

Result<void> copy_elements(const Fd &from, const Fd &to, const MapSpec &spec) {
    std::vector<char> key(spec.key_size), value(spec.value_size);
    for (const void *before = nullptr; bpf_map_get_next_key(from.get(), before, key.data()) == 0;
         before = key.data())
        if (bpf_map_lookup_elem(from.get(), key.data(), value.data()) == 0 &&
            bpf_map_update_elem(to.get(), key.data(), value.data(), BPF_ANY) != 0)
            return fail(system_error(std::string("copy the map ") + spec.name, errno));
    return {};
}

Result<Fd> copy_map(const Fd &from, const MapSpec &spec) {
    LIBBPF_OPTS(bpf_map_create_opts, options);
    options.map_flags = spec.flags;
    Fd to(bpf_map_create(static_cast<bpf_map_type>(spec.type), spec.name, spec.key_size,
                         spec.value_size, spec.entries, &options));
    if (!to.valid())
        return fail(system_error(std::string("make the map ") + spec.name, errno));
    if (auto copied = copy_elements(from, to, spec); !copied)
        return fail(copied.error());
    return to;
}

// Replaces the pin at path in one step, and keeps its owner and mode.
Result<void> pin_in_place(const Fd &map, const std::string &path) {
    const std::string fresh = path + "_new";
    struct stat st {};
    if (stat(path.c_str(), &st) != 0)
        return fail(system_error("inspect " + path, errno));
    unlink(fresh.c_str());
    if (bpf_obj_pin(map.get(), fresh.c_str()) != 0)
        return fail(system_error("pin " + fresh, errno));
    if (chown(fresh.c_str(), st.st_uid, st.st_gid) != 0 ||
        chmod(fresh.c_str(), st.st_mode & 07777) != 0)
        return fail(system_error("set owner and mode of " + fresh, errno));
    if (rename(fresh.c_str(), path.c_str()) != 0)
        return fail(system_error("move " + fresh + " to " + path, errno));
    return {};
}

Result<void> replace_one(const std::string &root, const MapSpec &spec, Fd frozen, Undo &undo) {
    const auto copy = copy_map(frozen, spec);
    if (!copy)
        return fail(copy.error());
    const auto old = std::make_shared<Fd>(std::move(frozen));
    for (const std::string &path :
         {root + "/" + spec.path, root + "/" + admin_path + "/" + spec.name}) {
        if (!exists(path))
            continue;
        undo.add([old, path] { static_cast<void>(pin_in_place(*old, path)); });
        if (auto pinned = pin_in_place(*copy, path); !pinned)
            return pinned;
    }
    std::fprintf(stderr, "ebpf-load: %s was frozen: replaced\n", (root + "/" + spec.path).c_str());
    return {};
}

// The map if it is pinned and frozen, else an empty Fd.
Result<Fd> find_frozen(const std::string &root, const MapSpec &spec) {
    const std::string path = root + "/" + spec.path;
    if (!exists(path))
        return Fd();
    auto map = open_map(path, spec, Access::write);
    if (!map || is_frozen(map->get()))
        return map;
    return Fd();
}

Result<bool> any_frozen(const std::string &root) {
    for (const auto &maps : {watch_maps, admin_maps})
        for (const MapSpec *spec : maps) {
            const auto frozen = find_frozen(root, *spec);
            if (!frozen)
                return fail(frozen.error());
            if (frozen->valid())
                return true;
        }
    return false;
}

} // namespace

Result<void> mend_frozen(const Pins &pins, const LockWait &wait, Undo &undo) {
    if (const auto abi = pins.abi(); !abi)
        return fail(abi.error());
    const auto any = any_frozen(pins.root());
    if (!any || !*any)
        return any ? Result<void>() : fail(any.error());
    const auto lock = AdminLock::take(pins, wait, "rules and watches", RootLock::held);
    if (!lock)
        return fail(lock.error());
    for (const auto &maps : {watch_maps, admin_maps})
        for (const MapSpec *spec : maps) {
            auto frozen = find_frozen(pins.root(), *spec);
            if (!frozen)
                return fail(frozen.error());
            if (!frozen->valid())
                continue;
            auto replaced = replace_one(pins.root(), *spec, std::move(*frozen), undo);
            if (!replaced)
                return replaced;
        }
    return {};
}

uint64_t hash_map_ids(uint64_t state, const std::string &root,
                      std::span<const MapSpec *const> maps) {
    for (const MapSpec *spec : maps) {
        const auto map = open_map(root + "/" + spec->path, *spec, Access::read);
        state = hash_value(state, map ? map_id(*map) : 0U);
    }
    return state;
}

} // namespace pinpipe::loader
