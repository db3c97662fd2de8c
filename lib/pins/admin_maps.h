// SPDX-License-Identifier: MIT
// Maps that are pinned for two groups: below maps/ to be looked at, below admin/ to be changed.
#pragma once

#include "lib/pins/admin_lock.h"

#include <map>

namespace pinpipe {

// Some of them that are changed together.
struct AdminSet {
    std::span<const MapSpec *const> maps; // the first is there when all are
    const char *load_option;              // of ebpf-load: what makes them
    const char *what;                     // is in them: "rules"
};

class AdminMaps {
public:
    // To look: by the admin group's pins where we may, else by the read group's.
    static Result<AdminMaps> open_to_read(const Pins &pins, const AdminSet &set);
    // To change: nobody else does meanwhile. Waits for whoever is at it.
    static Result<AdminMaps> open_to_write(const Pins &pins, const AdminSet &set,
                                           const LockWait &wait = {},
                                           RootLock root_lock = RootLock::take);
    // Before a change comes to hold: as AdminLock.
    Result<void> confirm() const { return lock_.confirm(); }

    const Fd &map(const MapSpec &spec) const { return maps_.at(&spec); }
    std::string path(const MapSpec &spec) const { return directory_ + "/" + spec.name; }
    const std::string &directory() const { return directory_; } // of the pins in use

private:
    Result<void> open(const Pins &pins, const AdminSet &set, Access access, bool admin);

    AdminLock lock_;
    std::map<const MapSpec *, Fd> maps_;
    std::string directory_;
};

} // namespace pinpipe
