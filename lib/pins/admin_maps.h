// SPDX-License-Identifier: MIT
// Maps that are pinned for two groups: below maps/ for reading, below admin/ for changing.
#pragma once

#include "lib/pins/admin_lock.h"

#include <map>

namespace pinpipe {

// A set of these maps that are changed together.
struct AdminSet {
    std::span<const MapSpec *const> maps; // the first exists once all do
    const char *load_option;              // the option of ebpf-load that makes them
    const char *what;                     // their content: "rules"
};

class AdminMaps {
public:
    // Opens for reading: by the pins in admin/ where permitted, else by those in maps/.
    static Result<AdminMaps> open_to_read(const Pins &pins, const AdminSet &set);
    // Opens for writing, with the lock: no other process changes the maps until it is released.
    // Waits for the holder of the lock.
    static Result<AdminMaps> open_to_write(const Pins &pins, const AdminSet &set,
                                           const LockWait &wait = {},
                                           RootLock root_lock = RootLock::take);
    // To be called before a change takes effect; see AdminLock::confirm().
    Result<void> confirm() const { return lock_.confirm(); }

    const Fd &map(const MapSpec &spec) const { return maps_.at(&spec); }
    std::string path(const MapSpec &spec) const { return directory_ + "/" + spec.name; }
    const std::string &directory() const { return directory_; } // with the pins in use

private:
    Result<void> open(const Pins &pins, const AdminSet &set, Access access, bool admin);

    AdminLock lock_;
    std::map<const MapSpec *, Fd> maps_;
    std::string directory_;
};

} // namespace pinpipe
