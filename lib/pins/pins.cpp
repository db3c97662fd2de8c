// SPDX-License-Identifier: MIT
#include "lib/pins/pins.h"

#include "lib/base/options.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <grp.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

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
constexpr const MapSpec *admin_map_list[] = {&policy_map, &subjects_map,  &ports_map, &texts_map,
                                             &scopes_map, &scope_ids_map, &hits_map,  &denials_map};
constexpr const MapSpec *policy_map_list[] = {
    &policy_map,    &subjects_map, &ports_map,   &texts_map,      &scopes_map,
    &scope_ids_map, &hits_map,     &denials_map, &cgroups_map,    &covered_map,
    &labels_map,    &peers_map,    &kin_map,     &unlabelled_map, &exes_map};
} // namespace
const std::span<const MapSpec *const> admin_maps = admin_map_list;
const std::span<const MapSpec *const> policy_maps = policy_map_list;
const MapSpec control_map = {"control",      "",  BPF_MAP_TYPE_ARRAY, 4, sizeof(reader_control), 1,
                             BPF_F_MMAPABLE, 0660};
const MapSpec ring_map = {"ring", "", BPF_MAP_TYPE_RINGBUF, 0, 0, 0, 0, 0660};

namespace {

constexpr __u32 access_flags = BPF_F_RDONLY | BPF_F_WRONLY; // set by opening, not by the map

std::string group_name(gid_t gid) {
    const group *entry = getgrgid(gid);
    return entry ? entry->gr_name : std::to_string(gid);
}

std::string own_path() {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::string(path, static_cast<size_t>(length)) : "PROGRAM";
}

// The group of the pin, or of the nearest directory above it that stat(2) may see.
gid_t group_of(std::string path) {
    struct stat st {};
    while (stat(path.c_str(), &st) != 0 && path.size() > 1)
        path.resize(std::max<size_t>(path.rfind('/'), 1));
    return st.st_gid;
}

// The error for an existing pin that cannot be opened, with a hint.
Error refused(const std::string &path, int code) {
    if (code == EPERM && access(path.c_str(), R_OK) != 0)
        code = errno; // the file system refuses too: report that
    Error error = system_error("open " + path, code);
    if (code == EPERM) // bpf(2) itself refused: before Linux 5.19 everybody needs CAP_BPF
        error.hint =
            "sudo setcap cap_bpf+ep " + own_path() + "   (before Linux 5.19), or run as root";
    else if (code == EACCES && group_of(path))
        error.hint =
            "sudo usermod -aG " + group_name(group_of(path)) + " \"$USER\"   (then log in again)";
    else if (code == EACCES)
        error.hint = "sudo ebpf-load --xdp IFACE --group ebpf   (only root may read now)";
    return error;
}

} // namespace

std::string pin_root_option(const std::string &pin_root) {
    return pin_root == default_pin_root ? "" : " --pin-root " + pin_root;
}

Error not_loaded(const std::string &pin_root, const std::string &what) {
    Error error;
    error.text = "not loaded: run: sudo ebpf-load " + what + pin_root_option(pin_root);
    error.exit = Exit::not_loaded;
    return error;
}

Result<void> read_bytes(const Fd &map, uint32_t index, void *value, const std::string &path) {
    if (bpf_map_lookup_elem(map.get(), &index, value) != 0)
        return fail(system_error("read " + path, errno));
    return {};
}

Result<void> check_map(int fd, const MapSpec &spec, const std::string &path) {
    bpf_map_info info{};
    __u32 size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        return fail(system_error("inspect " + path, errno));
    if (info.type == spec.type && info.key_size == spec.key_size &&
        info.value_size == spec.value_size && (!spec.entries || info.max_entries == spec.entries) &&
        (info.map_flags & ~access_flags) == spec.flags)
        return {};
    return fail(failure(path + " is no map of layout " + std::to_string(LAYOUT_VERSION))
                    .with_hint("sudo ebpf-load --unload   (then load again)"));
}

Result<Fd> open_map(const std::string &path, const MapSpec &spec, Access access) {
    LIBBPF_OPTS(bpf_obj_get_opts, options);
    options.file_flags = access == Access::read ? BPF_F_RDONLY : 0;
    Fd fd(bpf_obj_get_opts(path.c_str(), &options));
    if (!fd.valid())
        return fail(refused(path, errno));
    if (auto fits = check_map(fd.get(), spec, path); !fits)
        return fail(fits.error());
    return fd;
}

Result<Fd> Pins::open(const MapSpec &spec, Access access) const {
    auto map = open_map(path(spec.path), spec, access);
    if (!map && map.error().code == 0)
        map.error().hint =
            "sudo ebpf-load --unload" + pin_root_option(root_) + "   (then load again)";
    return map;
}

Result<abi_record> Pins::abi() const {
    struct stat st {};
    if (stat(path(abi_map.path).c_str(), &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return fail(not_loaded(root_));
        return fail(refused(path(abi_map.path), errno));
    }
    auto map = open(abi_map, Access::read);
    if (!map)
        return fail(map.error());
    abi_record abi{};
    if (auto read = read_element(*map, 0, abi, path(abi_map.path)); !read)
        return fail(read.error());
    const std::string unload =
        "sudo ebpf-load --unload" + pin_root_option(root_) + "   (then load again)";
    if (abi.magic != LAYOUT_MAGIC)
        return fail(failure(path(abi_map.path) + " was not made by ebpf-load").with_hint(unload));
    if (abi.version != LAYOUT_VERSION)
        return fail(failure(path(abi_map.path) + " has layout " + std::to_string(abi.version) +
                            ", this program has " + std::to_string(LAYOUT_VERSION))
                        .with_hint(unload));
    return abi;
}

Result<Mapping> map_array(const Fd &map, size_t size, const std::string &path) {
    auto mapping = Mapping::map(map.get(), size, PROT_READ | PROT_WRITE, 0, path);
    if (!mapping && is_frozen(map.get()))
        return fail(failure(path + " is frozen: a member of its group did that")
                        .with_hint("sudo ebpf-load --xdp IFACE   (any load puts a new one there)"));
    return mapping;
}

bool is_frozen(int map) {
    const std::string path = "/proc/self/fdinfo/" + std::to_string(map);
    const std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "re"), std::fclose);
    char line[128];
    while (file && std::fgets(line, sizeof line, file.get())) {
        int frozen = 0;
        if (std::sscanf(line, "frozen: %d", &frozen) == 1)
            return frozen != 0;
    }
    return false;
}

} // namespace pinpipe
