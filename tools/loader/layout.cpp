#include "tools/loader/layout.h"

#include "lib/base/version.h"
#include "lib/pins/links.h"
#include "lib/system/clock.h"
#include "lib/system/directory_lock.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <numeric>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

namespace fs = std::filesystem;

constexpr unsigned hook_numbers = LAST_HOOK + 1;

// The order of publishing: the abi record last makes it a layout.
constexpr const char *parts[] = {"readers", "maps", "admin", "links", "sent", "abi"};

// outer: an inner map for the template of an array-of-maps, or -1.
Result<Fd> make_map(const MapSpec &spec, uint32_t entries, int inner = -1) {
    LIBBPF_OPTS(bpf_map_create_opts, options);
    options.map_flags = spec.flags;
    if (inner >= 0)
        options.inner_map_fd = static_cast<__u32>(inner);
    Fd fd(bpf_map_create(static_cast<bpf_map_type>(spec.type), spec.name, spec.key_size,
                         spec.value_size, entries, &options));
    if (!fd.valid())
        return fail(system_error(std::string("make the map ") + spec.name, errno));
    return fd;
}

Result<void> pin(const Fd &fd, const std::string &path) {
    if (bpf_obj_pin(fd.get(), path.c_str()) != 0)
        return fail(system_error("pin " + path, errno));
    return {};
}

Result<void> make_directory(const std::string &path) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error("make " + path, errno));
    return {};
}

Result<void> set_access(const std::string &path, mode_t mode, gid_t group) {
    if (chown(path.c_str(), 0, group) != 0 || chmod(path.c_str(), mode) != 0)
        return fail(system_error("set owner and mode of " + path, errno));
    return {};
}

Result<void> move_over(const std::string &from, const std::string &to) {
    if (rename(from.c_str(), to.c_str()) != 0)
        return fail(system_error("move " + from + " to " + to, errno));
    return {};
}

void read_boot_id(__u8 (&id)[16]) {
    std::string text;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), text);
    size_t at = 0;
    for (size_t i = 0; i + 1 < text.size() && at < sizeof id; i++) {
        unsigned byte = 0;
        if (text[i] == '-' ||
            std::from_chars(text.data() + i, text.data() + i + 2, byte, 16).ec != std::errc())
            continue;
        id[at++] = static_cast<__u8>(byte);
        i++;
    }
}

bool slot_is_free(const std::string &path) {
    const auto lock = try_lock_directory(path);
    return !lock || lock->valid();
}

// Whether the pin is there, of the right shape, and can still be changed.
Result<bool> is_sound(const std::string &path, const MapSpec &spec) {
    const auto map = open_map(path, spec, Access::write);
    if (!map && map.error().code != 0 && map.error().code != ENOENT)
        return fail(map.error()); // it may well be sound
    return map && !is_frozen(map->get());
}

// A link whose pin goes is detached a moment later, by a worker of the kernel's: it is to be gone
// now.
void detach_links(const std::string &directory) {
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(directory, ignored))
        detach_link(entry.path());
}

template <class T> Result<void> keep_or_refuse(std::optional<T> asked, T loaded, const char *what) {
    if (!asked || *asked == loaded)
        return {};
    return fail(failure(std::string(what) + " is " + std::to_string(loaded) +
                        " since the first load and cannot change")
                    .with_hint("sudo ebpf-load --unload   (then load with the new value)"));
}

} // namespace

std::string stage_path(const Pins &pins) {
    return pins.path("stage");
}

Result<void> clear_stage(const Pins &pins) {
    for (const char *part : {"/links", "/sent"})
        detach_links(stage_path(pins) + part);
    std::error_code code;
    fs::remove_all(stage_path(pins), code);
    if (code)
        return fail(system_error("remove " + stage_path(pins), code.value()));
    return {};
}

Result<void> remove_all(const Pins &pins) {
    for (const char *part : {"links", "sent"}) {
        detach_links(pins.path(part));
        detach_links(stage_path(pins) + "/" + part);
    }
    for (const char *part : {"links", "sent", "stage", "readers", "maps", "admin", "abi"}) {
        std::error_code code;
        fs::remove_all(pins.path(part), code);
        if (code)
            return fail(system_error("remove " + pins.path(part), code.value()));
    }
    return {};
}

Result<gid_t> parse_group(const std::string &name) {
    if (const group *entry = getgrnam(name.c_str()))
        return entry->gr_gid;
    gid_t gid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), gid);
    constexpr gid_t nobody = ~gid_t{0}; // to chown(2): leave it as it is
    if (bad == std::errc() && end == name.data() + name.size() && gid != nobody)
        return gid;
    return fail(failure("no group " + name).with_hint("sudo groupadd --system " + name));
}

Fd &Layout::held(const MapSpec &spec) {
    const auto place = std::find(shared_maps.begin(), shared_maps.end(), &spec);
    return maps_.at(static_cast<size_t>(place - shared_maps.begin()));
}

const Fd &Layout::map(const MapSpec &spec) const {
    return const_cast<Layout *>(this)->held(spec);
}

Result<void> Layout::write_abi() {
    const __u32 zero = 0;
    if (bpf_map_update_elem(abi_map_.get(), &zero, &abi_, BPF_ANY) != 0)
        return fail(system_error("write the abi record", errno));
    return {};
}

// Into an array-of-maps, all at once where the kernel can: each single update waits for a grace
// period.
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

// New rings and control records for these slots, pinned over what is there.
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

Result<Layout> Layout::create(const Pins &pins, const Settings &settings) {
    Layout layout;
    layout.staged_ = true;
    abi_record &abi = layout.abi_;
    abi.magic = LAYOUT_MAGIC;
    abi.version = LAYOUT_VERSION;
    read_boot_id(abi.boot_id);
    abi.loaded = WallClock().microseconds(static_cast<uint64_t>(boot_now())) * 1000;
    abi.readers = settings.readers.value_or(default_readers);
    abi.ring_size = settings.ring_size.value_or(default_ring_size);
    const group *usual = getgrnam("ebpf");
    abi.group = layout.group_ = settings.group.value_or(usual ? usual->gr_gid : 0);
    const group *admins = getgrnam("ebpf-admin");
    abi.admins = layout.admins_ = settings.admins.value_or(admins ? admins->gr_gid : 0);
    abi.payload = layout.payload_ = settings.payload.value_or(0);
    abi.last_hook = LAST_HOOK;
    std::snprintf(abi.program, sizeof abi.program, "%s", version);

    const std::string stage = stage_path(pins);
    for (const char *directory :
         {"", "/maps", "/admin", "/admin/lock", "/readers", "/links", "/sent"})
        if (auto made = make_directory(stage + directory); !made)
            return fail(made.error());
    if (auto made = layout.make_maps(stage); !made)
        return fail(made.error());
    return layout;
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
        if (!slot_is_free(at)) // a mapped ring cannot be frozen: this one is at work
            continue;
        if (auto made = make_slots(pins.root(), {slot}); !made)
            return made;
        std::fprintf(stderr, "ebpf-load: reader slot %u was frozen or broken: replaced\n", slot);
    }
    return {};
}

// Programs hold the old word; every hook whose program was made with another map is updated by this
// load.
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

Result<Layout> Layout::open(const Pins &pins, const Settings &settings) {
    Layout layout;
    auto abi = pins.abi();
    if (!abi)
        return fail(abi.error());
    layout.abi_ = *abi;
    for (const MapSpec *spec : shared_maps) {
        auto map = pins.open(*spec, Access::write);
        if (!map)
            return fail(map.error());
        layout.held(*spec) = std::move(*map);
    }
    auto abi_fd = pins.open(abi_map, Access::write);
    if (!abi_fd)
        return fail(abi_fd.error());
    layout.abi_map_ = std::move(*abi_fd);

    if (auto kept = keep_or_refuse(settings.readers, layout.abi_.readers, "--readers"); !kept)
        return fail(kept.error());
    if (auto kept = keep_or_refuse(settings.ring_size, layout.abi_.ring_size, "--ring-size"); !kept)
        return fail(kept.error());
    layout.group_ = settings.group.value_or(layout.abi_.group);
    layout.admins_ = settings.admins.value_or(layout.abi_.admins);
    layout.payload_ = settings.payload.value_or(layout.abi_.payload);
    if (auto made = make_directory(pins.path(admin_lock_path)); !made)
        return fail(made.error());
    if (auto repaired = layout.repair_wanted(pins); !repaired)
        return fail(repaired.error());
    if (auto repaired = layout.repair_slots(pins); !repaired)
        return fail(repaired.error());
    return layout;
}

Result<void> Layout::publish(const Pins &pins, Undo &undo) {
    if (!staged_)
        return {};
    undo.add([&pins] { static_cast<void>(remove_all(pins)); });
    for (const char *part : parts)
        if (access((stage_path(pins) + "/" + part).c_str(), F_OK) == 0)
            if (auto moved = move_over(stage_path(pins) + "/" + part, pins.path(part)); !moved)
                return moved;
    return clear_stage(pins);
}

Result<void> Layout::protect(const Pins &pins, Undo &undo) {
    const std::string root = this->root(pins);
    if (!staged_)
        undo.add([this, root, group = abi_.group, admins = abi_.admins, payload = abi_.payload] {
            abi_.group = group;
            abi_.admins = admins;
            abi_.payload = payload;
            static_cast<void>(write_abi());
            static_cast<void>(set_modes(root));
        });
    abi_.group = group_;
    abi_.admins = admins_;
    abi_.payload = payload_;
    if (auto written = write_abi(); !written)
        return written;
    return set_modes(root);
}

Result<void> Layout::set_modes(const std::string &root) const {
    const gid_t group = abi_.group;
    struct Pin {
        std::string path;
        mode_t mode;
        bool admins = false;
    };
    std::vector<Pin> all = {{"/abi", abi_map.mode},
                            {"/maps", 0750},
                            {"/readers", 0750},
                            {"/links", 0750},
                            {"/sent", 0750}};
    for (const MapSpec *spec : shared_maps)
        all.push_back({std::string("/") + spec->path, spec->mode});
    for (const auto &maps : {socket_maps, policy_maps})
        for (const MapSpec *spec : maps)
            if (access((root + "/" + spec->path).c_str(), F_OK) == 0)
                all.push_back({std::string("/") + spec->path, spec->mode});
    all.push_back({"/admin", 0750, true});
    all.push_back({std::string("/") + admin_lock_path, 0750, true});
    for (const auto &maps : {watch_maps, admin_maps})
        for (const MapSpec *spec : maps)
            if (const std::string path = std::string("/admin/") + spec->name;
                access((root + path).c_str(), F_OK) == 0)
                all.push_back({path, admin_mode, true});
    if (access((root + "/" + admin_bound_path).c_str(), F_OK) == 0)
        all.push_back({std::string("/") + admin_bound_path, 0440, true});
    for (const char *path : {bound_path, session_path})
        if (access((root + "/" + path).c_str(), F_OK) == 0)
            all.push_back({std::string("/") + path, 0440});
    for (unsigned slot = 0; slot < abi_.readers; slot++) {
        const std::string at = "/readers/" + std::to_string(slot);
        all.push_back({at + "/control", control_map.mode});
        all.push_back({at + "/ring", ring_map.mode});
        all.push_back({at, 0750});
    }
    for (const Pin &pin : all)
        if (auto set = set_access(root + pin.path, pin.mode, pin.admins ? abi_.admins : group);
            !set)
            return set;
    return {};
}

Result<hook_record> Layout::hook(unsigned number) const {
    hook_record record{};
    if (bpf_map_lookup_elem(map(hooks_map).get(), &number, &record) != 0)
        return fail(system_error("read the hooks map", errno));
    record.name[sizeof record.name - 1] = '\0';
    return record;
}

Result<void> Layout::set_hook(unsigned number, const hook_record &record) {
    if (bpf_map_update_elem(map(hooks_map).get(), &number, &record, BPF_ANY) != 0)
        return fail(system_error("write the hooks map", errno));
    return {};
}

Result<unsigned> Layout::free_hook() {
    for (unsigned i = 1; i <= hook_numbers; i++) {
        const unsigned number = (abi_.last_hook + i) % hook_numbers;
        const auto record = hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_NONE)
            continue;
        abi_.last_hook = number;
        if (auto written = write_abi(); !written)
            return fail(written.error());
        return number;
    }
    return fail(failure("all " + std::to_string(hook_numbers) + " hooks are in use"));
}

void Layout::announce() {
    abi_.hook_changes++;
    static_cast<void>(write_abi());
}

} // namespace pinpipe::loader
