// SPDX-License-Identifier: MIT
#include "lib/pins/admin_maps.h"

#include <cerrno>
#include <sys/stat.h>

namespace pinpipe {
namespace {

// Whether the maps are loaded. A process that may only change them may not be able to read the abi
// record: then the check of each map's shape must suffice.
Result<void> look_for(const Pins &pins, const AdminSet &set) {
    const auto abi = pins.abi();
    if (abi ? abi->unloaded : abi.error().exit == Exit::not_loaded)
        return fail(not_loaded(pins.root(), set.load_option));
    if (!abi && abi.error().exit != Exit::not_permitted)
        return fail(abi.error());
    struct stat st {};
    if (stat(pins.path(admin_path).c_str(), &st) != 0 && errno == ENOENT)
        return fail(not_loaded(pins.root(), set.load_option));
    if (stat(pins.admin(*set.maps.front()).c_str(), &st) != 0 && errno == ENOENT)
        return fail(not_loaded(pins.root(), set.load_option));
    return {};
}

// Adds a hint where only root may change the maps: ebpf-load can give them to a group.
Error with_admin_hint(Error error, const Pins &pins, const AdminSet &set) {
    struct stat st {};
    if (error.exit == Exit::not_permitted && error.code == EACCES &&
        stat(pins.path(admin_path).c_str(), &st) == 0 && st.st_gid == 0)
        error.hint = std::string("sudo ebpf-load ") + set.load_option +
                     " --admin-group ebpf-admin" + pin_root_option(pins.root()) +
                     "   (only root may change " + set.what + " now)";
    return error;
}

} // namespace

Result<void> AdminMaps::open(const Pins &pins, const AdminSet &set, Access access, bool admin) {
    directory_ = pins.path(admin ? admin_path : "maps");
    for (const MapSpec *spec : set.maps) {
        auto map = open_map(path(*spec), *spec, access);
        if (!map && map.error().code == ENOENT) // look_for() cannot see this without access
            return fail(not_loaded(pins.root(), set.load_option));
        if (!map)
            return fail(map.error());
        maps_[spec] = std::move(*map);
    }
    return {};
}

Result<AdminMaps> AdminMaps::open_to_read(const Pins &pins, const AdminSet &set) {
    if (auto there = look_for(pins, set); !there)
        return fail(there.error());
    AdminMaps maps;
    if (auto opened = maps.open(pins, set, Access::read, true); opened)
        return maps;
    if (auto opened = maps.open(pins, set, Access::read, false); !opened)
        return fail(opened.error());
    return maps;
}

// Opens the maps again once it has the lock: a load may have replaced them meanwhile.
Result<AdminMaps> AdminMaps::open_to_write(const Pins &pins, const AdminSet &set,
                                           const LockWait &wait, RootLock root_lock) {
    if (auto there = look_for(pins, set); !there)
        return fail(there.error());
    AdminMaps maps;
    if (auto opened = maps.open(pins, set, Access::write, true); !opened)
        return fail(with_admin_hint(opened.error(), pins, set));
    auto locked = AdminLock::take(pins, wait, set.what, root_lock);
    if (!locked)
        return fail(locked.error());
    maps.lock_ = std::move(*locked);
    if (auto opened = maps.open(pins, set, Access::write, true); !opened)
        return fail(with_admin_hint(opened.error(), pins, set));
    for (const auto &[spec, map] : maps.maps_)
        if (is_frozen(map.get()))
            return fail(
                failure(maps.path(*spec) + " is frozen: a process that may change it did that")
                    .with_hint(std::string("sudo ebpf-load ") + set.load_option +
                               pin_root_option(pins.root()) +
                               "   (any load puts a new one there)"));
    return maps;
}

} // namespace pinpipe
