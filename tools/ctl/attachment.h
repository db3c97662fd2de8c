// SPDX-License-Identifier: MIT
// Whether what the loader attached is still attached.
//
// A link's pin outlives what it was attached to, and root can detach or exchange a program without
// it. Only root may open a link. Others learn of XDP programs in their own network namespace, and
// of cgroups that are gone; the rest is unknown to them.
#pragma once

#include "lib/pins/hooks.h"
#include "lib/pins/pins.h"

#include <optional>

namespace pinpipe::ctl {

enum class Attached {
    yes,
    gone,      // the interface or the cgroup is gone: the pin has no target
    exchanged, // somebody attached another program there
    unpinned,  // no link is pinned
    unknown,
};

const char *attached_text(Attached state);

// number: of the hook, in the map "hooks".
Attached hook_attached(const Pins &pins, unsigned number, const hook_record &record);

// The program of an interface that counts what it sends; nothing: there is none.
std::optional<Attached> sent_attached(const Pins &pins, unsigned number, const hook_record &record);

// The programs of a cgroup: what is wrong with any of them. number: in the map "cgroups".
Attached cgroup_attached(const Pins &pins, unsigned number, const cgroup_record &record);

} // namespace pinpipe::ctl
