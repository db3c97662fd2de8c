// SPDX-License-Identifier: MIT
#include "lib/pins/map_specs.h"

#include "bpf/abi/control.h"
#include "bpf/abi/rules.h"
#include "bpf/abi/usage.h"
#include "bpf/abi/watches.h"

#include <linux/bpf.h>

namespace pinpipe {

const MapSpec abi_map = {"abi", "abi", BPF_MAP_TYPE_ARRAY, 4, sizeof(abi_record), 1, 0, 0640};
const MapSpec hooks_map = {
    "hooks", "maps/hooks", BPF_MAP_TYPE_ARRAY, 4, sizeof(hook_record), MAX_HOOKS, 0, 0640};
const MapSpec counters_map = {
    "counters", "maps/counters", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(hook_counters), MAX_HOOKS, 0,
    0640};
const MapSpec losses_map = {
    "losses", "maps/losses", BPF_MAP_TYPE_ARRAY, 4, sizeof(reader_losses), MAX_READERS, 0, 0640};
const MapSpec wanted_map = {
    "wanted", "maps/wanted", BPF_MAP_TYPE_ARRAY, 4, sizeof(wanted_record), 1, BPF_F_MMAPABLE, 0660};
const MapSpec controls_map = {
    "controls", "maps/controls", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, MAX_READERS, 0, 0600};
const MapSpec rings_map = {"rings", "maps/rings", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, MAX_READERS,
                           0,       0600};
const MapSpec watching_map = {
    "watching", "maps/watching", BPF_MAP_TYPE_ARRAY, 4, sizeof(watching_record), 1, BPF_F_MMAPABLE,
    0640};
const MapSpec watched_map = {"watched", "maps/watched", BPF_MAP_TYPE_ARRAY, 4,
                             8,         WATCHED_WORDS,  BPF_F_MMAPABLE,     0640};
const MapSpec watches_map = {"watches",
                             "maps/watches",
                             BPF_MAP_TYPE_HASH,
                             sizeof(watch_key),
                             sizeof(watch_record),
                             MAX_WATCHES,
                             0,
                             0640};
const MapSpec port_counts_map = {
    "port_counts",        "maps/port_counts", BPF_MAP_TYPE_PERCPU_HASH, 4,
    sizeof(count_record), MAX_COUNTS,         BPF_F_NO_PREALLOC,        0640};
namespace {
constexpr const MapSpec *shared_map_list[] = {
    &hooks_map, &counters_map, &losses_map,  &wanted_map,  &controls_map,
    &rings_map, &watching_map, &watched_map, &watches_map, &port_counts_map};
} // namespace
const std::span<const MapSpec *const> shared_maps = shared_map_list;
namespace {
constexpr const MapSpec *watch_map_list[] = {&watching_map, &watched_map, &watches_map};
} // namespace
const std::span<const MapSpec *const> watch_maps = watch_map_list;
const MapSpec active_map = {
    "active", "maps/active", BPF_MAP_TYPE_ARRAY, 4, sizeof(switch_record), 1, BPF_F_MMAPABLE, 0640};
const MapSpec usage_map = {
    "usage", "maps/usage", BPF_MAP_TYPE_HASH, sizeof(usage_key), sizeof(usage_sums), USAGE_ENTRIES,
    0,       0640};
const MapSpec processes_map = {"processes",
                               "maps/processes",
                               BPF_MAP_TYPE_HASH,
                               sizeof(process_key),
                               sizeof(process_record),
                               USAGE_PROCESSES,
                               0,
                               0640};
const MapSpec entries_map = {"entries",
                             "maps/entries",
                             BPF_MAP_TYPE_HASH,
                             sizeof(entry_key),
                             sizeof(usage_key),
                             USAGE_PLACES,
                             0,
                             0640};
const MapSpec dead_map = {
    "dead", "maps/dead", BPF_MAP_TYPE_ARRAY, 4, sizeof(dead_record), DEAD_ENTRIES, 0, 0640};
const MapSpec dead_state_map = {
    "dead_state", "maps/dead_state", BPF_MAP_TYPE_ARRAY, 4, sizeof(dead_state), 1, 0, 0640};
const MapSpec totals_map = {
    "totals", "maps/totals", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(usage_totals), 1, 0, 0640};
const MapSpec exes_map = {
    "exes", "maps/exes", BPF_MAP_TYPE_LRU_HASH, sizeof(exe_key), sizeof(exe_record), MAX_EXES,
    0,      0640};
const MapSpec owners_map = {"owners",
                            "maps/owners",
                            BPF_MAP_TYPE_SK_STORAGE,
                            4,
                            sizeof(owner_record),
                            0,
                            BPF_F_NO_PREALLOC | BPF_F_CLONE,
                            0600};
const MapSpec claims_map = {
    "claims", "maps/claims", BPF_MAP_TYPE_HASH, 8, sizeof(claim_record), MAX_CLAIMS, 0, 0600};
const MapSpec port_usage_map = {"port_usage",
                                "maps/port_usage",
                                BPF_MAP_TYPE_LRU_HASH,
                                sizeof(port_user),
                                sizeof(port_usage),
                                MAX_PORT_USAGE,
                                0,
                                0640};
namespace {
constexpr const MapSpec *socket_map_list[] = {
    &active_map, &usage_map,  &processes_map, &entries_map, &dead_map,      &dead_state_map,
    &totals_map, &owners_map, &exes_map,      &claims_map,  &port_usage_map};
}
const std::span<const MapSpec *const> socket_maps = socket_map_list;
const MapSpec policy_map = {
    "policy", "maps/policy", BPF_MAP_TYPE_ARRAY, 4, sizeof(policy_record), 1, BPF_F_MMAPABLE, 0640};
const MapSpec subjects_map = {"subjects",
                              "maps/subjects",
                              BPF_MAP_TYPE_HASH,
                              sizeof(subject_key),
                              sizeof(subject_record),
                              2 * MAX_SUBJECTS,
                              0,
                              0640};
const MapSpec sieve_map = {
    "sieve", "maps/sieve", BPF_MAP_TYPE_ARRAY, 4, sizeof(sieve_record), 1, BPF_F_MMAPABLE, 0640};
const MapSpec ports_map = {"ports",
                           "maps/ports",
                           BPF_MAP_TYPE_HASH,
                           sizeof(page_key),
                           sizeof(page_record),
                           MAX_PAGES,
                           BPF_F_NO_PREALLOC,
                           0640};
const MapSpec texts_map = {
    "texts",           "maps/texts", BPF_MAP_TYPE_HASH, 4, sizeof(text_record), MAX_SUBJECTS,
    BPF_F_NO_PREALLOC, 0640};
const MapSpec scopes_map = {"scopes", "maps/scopes", BPF_MAP_TYPE_HASH, sizeof(scope_key),
                            8,        MAX_SCOPES,    BPF_F_NO_PREALLOC, 0640};
const MapSpec scope_ids_map = {
    "scope_ids", "maps/scope_ids", BPF_MAP_TYPE_HASH, 8, 8, MAX_SCOPES, 0, 0640};
const MapSpec remotes_map = {"remotes", "maps/remotes", BPF_MAP_TYPE_HASH, sizeof(remote_key),
                             8,         MAX_REMOTES,    BPF_F_NO_PREALLOC, 0640};
const MapSpec prefixes_map = {
    "prefixes", "maps/prefixes", BPF_MAP_TYPE_LPM_TRIE, sizeof(prefix_key),
    8,          MAX_PREFIXES,    BPF_F_NO_PREALLOC,     0640};
const MapSpec hits_map = {
    "hits", "maps/hits", BPF_MAP_TYPE_HASH, sizeof(hit_key), sizeof(hit_record), MAX_HITS, 0, 0640};
const MapSpec denials_map = {
    "denials", "maps/denials", BPF_MAP_TYPE_ARRAY, 4, sizeof(denial_record), MAX_SUBJECTS, 0, 0640};
const MapSpec cgroups_map = {
    "cgroups", "maps/cgroups", BPF_MAP_TYPE_ARRAY, 4, sizeof(cgroup_record), MAX_CGROUPS, 0, 0640};
const MapSpec covered_map = {
    "covered", "maps/covered", BPF_MAP_TYPE_ARRAY, 4, sizeof(covered_record), 1, BPF_F_MMAPABLE,
    0600};
const MapSpec labels_map = {"labels",
                            "maps/labels",
                            BPF_MAP_TYPE_SK_STORAGE,
                            4,
                            sizeof(label_record),
                            0,
                            BPF_F_NO_PREALLOC | BPF_F_CLONE,
                            0600};
const MapSpec peers_map = {
    "peers", "maps/peers", BPF_MAP_TYPE_LRU_HASH, sizeof(peer_key), 8, MAX_PEERS, 0, 0600};
const MapSpec kin_map = {"kin",
                         "maps/kin",
                         BPF_MAP_TYPE_HASH,
                         sizeof(process_key),
                         sizeof(kin_record),
                         MAX_KIN,
                         BPF_F_NO_PREALLOC,
                         0600};
const MapSpec unlabelled_map = {
    "unlabelled", "maps/unlabelled", BPF_MAP_TYPE_ARRAY, 4, sizeof(unlabelled_record), 1, 0, 0640};
namespace {
constexpr const MapSpec *admin_map_list[] = {
    &policy_map,    &subjects_map, &sieve_map,    &ports_map, &texts_map,  &scopes_map,
    &scope_ids_map, &remotes_map,  &prefixes_map, &hits_map,  &denials_map};
constexpr const MapSpec *policy_map_list[] = {
    &policy_map,    &subjects_map, &sieve_map,    &ports_map, &texts_map,      &scopes_map,
    &scope_ids_map, &remotes_map,  &prefixes_map, &hits_map,  &denials_map,    &cgroups_map,
    &covered_map,   &labels_map,   &peers_map,    &kin_map,   &unlabelled_map, &exes_map};
} // namespace
const std::span<const MapSpec *const> admin_maps = admin_map_list;
const std::span<const MapSpec *const> policy_maps = policy_map_list;
const MapSpec control_map = {"control",      "",  BPF_MAP_TYPE_ARRAY, 4, sizeof(reader_control), 1,
                             BPF_F_MMAPABLE, 0660};
const MapSpec ring_map = {"ring", "", BPF_MAP_TYPE_RINGBUF, 0, 0, 0, 0, 0660};

} // namespace pinpipe
