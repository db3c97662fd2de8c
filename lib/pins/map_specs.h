// SPDX-License-Identifier: MIT
// The pinned maps, iterators and locks: their names, paths and shapes.
#pragma once

#include <linux/types.h>
#include <span>
#include <sys/types.h>

namespace pinpipe {

// A map's shape and pin. mode: of the pin; its group is the read group.
struct MapSpec {
    const char *name; // in the kernel: 15 characters at most
    const char *path; // below the pin root; "" for the maps of a reader slot
    __u32 type;
    __u32 key_size;
    __u32 value_size;
    __u32 entries; // 0: any
    __u32 flags;
    mode_t mode;
};

extern const MapSpec abi_map;
extern const MapSpec hooks_map;
extern const MapSpec counters_map;
extern const MapSpec losses_map;
extern const MapSpec wanted_map;
extern const MapSpec controls_map; // array-of-maps over readers/N/control, for the loader
extern const MapSpec rings_map;    // array-of-maps over readers/N/ring, for the loader
extern const MapSpec watching_map;
extern const MapSpec watched_map;
extern const MapSpec watches_map;
extern const MapSpec port_counts_map;
// The maps of every load, without abi.
extern const std::span<const MapSpec *const> shared_maps;
// Those of shared_maps that are pinned a second time, as admin/NAME, for the admin group to write.
extern const std::span<const MapSpec *const> watch_maps;
// Maps of the socket probes: they exist once these have been loaded.
extern const MapSpec active_map;
extern const MapSpec usage_map;
extern const MapSpec processes_map;
extern const MapSpec entries_map;
extern const MapSpec dead_map;
extern const MapSpec dead_state_map;
extern const MapSpec totals_map;
extern const MapSpec owners_map;
extern const MapSpec claims_map;
extern const MapSpec port_usage_map;
extern const std::span<const MapSpec *const> socket_maps;
// An iterator beside these maps: reading it lists bound sockets as struct bind_record. Mode 0440.
inline constexpr const char *bound_path = "maps/bound";
inline constexpr const char *admin_bound_path = "admin/bound"; // the same, for the admin group
extern const MapSpec exes_map;                                 // in socket_maps and policy_maps
// An iterator beside the maps of sockets and of rules: reading it gives a process its process
// group as a pgid_record. Mode 0440.
inline constexpr const char *pgid_path = "maps/pgid";
// Maps of the rules: they exist once a cgroup has been loaded.
extern const MapSpec policy_map;
extern const MapSpec subjects_map;
extern const MapSpec sieve_map;
extern const MapSpec ports_map;
extern const MapSpec texts_map;
extern const MapSpec scopes_map;
extern const MapSpec remotes_map;
extern const MapSpec prefixes_map;
extern const MapSpec scope_ids_map;
extern const MapSpec hits_map;
extern const MapSpec denials_map;
extern const MapSpec cgroups_map;
extern const MapSpec covered_map;
extern const MapSpec labels_map;
extern const MapSpec peers_map;
extern const MapSpec kin_map;
extern const MapSpec unlabelled_map;
// Iterators for whoever changes rules, mode 0440 of the admin group: reading them makes a change
// known to running processes (find_kin, if a rule has SUBJECT_CHILDREN) and then to their open
// sockets (find_sockets).
inline constexpr const char *find_kin_path = "admin/find_kin";
inline constexpr const char *find_sockets_path = "admin/find_sockets";
extern const std::span<const MapSpec *const> policy_maps;
// Those of policy_maps that are pinned a second time, as admin/NAME, for the admin group to write.
extern const std::span<const MapSpec *const> admin_maps;
inline constexpr const char *admin_path = "admin"; // a directory of the admin group, mode 0750
inline constexpr mode_t admin_mode = 0660;         // of the pins in it
// Directories that are locked by processes that change pins (mode 0700), and by those that change
// rules and watches (mode 0750, admin group).
inline constexpr const char *root_lock_name = "lock";
inline constexpr const char *admin_lock_path = "admin/lock";
extern const MapSpec control_map;
extern const MapSpec ring_map;

} // namespace pinpipe
