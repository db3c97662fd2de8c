#include "tools/loader/policy.h"

#include "lib/links.h"
#include "policy.skel.h"
#include "tools/loader/build_hash.h"
#include "tools/loader/object.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr Elf elf = {"policy", policy::elf_bytes};

bool is_iterator(const bpf_program *program) {
    return bpf_program__expected_attach_type(program) == BPF_TRACE_ITER;
}

// Of no cgroup: the iterator, and probes on tracepoints.
bool is_tracing(const bpf_program *program) {
    return bpf_program__type(program) == BPF_PROG_TYPE_TRACING;
}

bool is_granted(const bpf_program *program) {
    const std::string section = bpf_program__section_name(program);
    return is_iterator(program) ||
           libbpf_find_vmlinux_btf_id(section.substr(section.find('/') + 1).c_str(),
                                      BPF_TRACE_RAW_TP) > 0;
}

std::string probe_path(const std::string &root, const std::string &name) {
    return root + "/links/p-" + name;
}

std::string link_path(const std::string &root, unsigned number, const std::string &hook) {
    return root + "/links/c" + std::to_string(number) + "-" + hook;
}

uint64_t build_of_policy(const Layout &layout, unsigned number) {
    uint64_t state = hash_value(hash_start, map_id(layout.map(wanted_map)));
    state = hash_value(state, number);
    state = hash_value(state, layout.abi().ring_size);
    state = hash_value(state, layout.abi().readers);
    return hash(state, elf.view());
}

// The mount point of cgroup2; empty: there is none.
std::string cgroup_mount() {
    std::ifstream mounts("/proc/mounts");
    for (std::string device, path, type, rest; mounts >> device >> path >> type;
         std::getline(mounts, rest))
        if (type == "cgroup2")
            return path;
    return "";
}

// Where the cgroup is now; empty: it is gone.
std::string path_of_cgroup(uint64_t id) {
    const std::string mount = cgroup_mount();
    const Fd at(open(mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    alignas(file_handle) char bytes[sizeof(file_handle) + sizeof id] = {};
    auto *const handle = reinterpret_cast<file_handle *>(bytes);
    handle->handle_bytes = sizeof id;
    handle->handle_type = 0xfe; // FILEID_KERNFS
    std::memcpy(handle->f_handle, &id, sizeof id);
    const Fd fd(open_by_handle_at(at.get(), handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid())
        return "";
    char path[4096];
    const std::string link = "/proc/self/fd/" + std::to_string(fd.get());
    const ssize_t length = readlink(link.c_str(), path, sizeof path);
    const std::string found(path, length > 0 ? static_cast<size_t>(length) : 0);
    return access(found.c_str(), F_OK) == 0 ? found : "";
}

bool is_below(const std::string &path, const std::string &above) {
    return path.size() > above.size() && path.compare(0, above.size(), above) == 0 &&
           (above.back() == '/' || path[above.size()] == '/');
}

Result<cgroup_record> record_at(const Fd &map, unsigned number) {
    cgroup_record record{};
    if (auto read = read_element(map, number, record, "the cgroups map"); !read)
        return fail(read.error());
    record.path[sizeof record.path - 1] = '\0';
    return record;
}

Result<void> set_record(const Fd &map, unsigned number, const cgroup_record &record) {
    if (bpf_map_update_elem(map.get(), &number, &record, BPF_ANY) != 0)
        return fail(system_error("write the cgroups map", errno));
    return {};
}

// Names of the programs, in the order of cgroup_record.programs.
const std::vector<std::string> &hook_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> found;
        const auto object = open_object(elf);
        bpf_program *program = nullptr;
        if (object)
            bpf_object__for_each_program(program, object->get()) if (!is_tracing(program))
                found.emplace_back(bpf_program__name(program));
        return found;
    }();
    return names;
}

// Else somebody took a program away, or the kernel did: some time after the cgroup has gone.
bool is_whole(const Pins &pins, unsigned number, const cgroup_record &record) {
    for (size_t i = 0; i < hook_names().size(); i++) {
        const auto link = open_link(link_path(pins.root(), number, hook_names()[i]));
        const auto state = link ? inspect_link(*link) : fail(Error{});
        if (!state || !state->attached)
            return false;
    }
    return record.id != 0;
}

// Somebody put another program in the place of ours.
bool is_exchanged(const Pins &pins, unsigned number, const cgroup_record &record) {
    for (size_t i = 0; i < hook_names().size(); i++) {
        const auto link = open_link(link_path(pins.root(), number, hook_names()[i]));
        const auto state = link ? inspect_link(*link) : fail(Error{});
        if (state && state->program != record.programs[i])
            return true;
    }
    return false;
}

void remove_links(const Pins &pins, unsigned number) {
    for (const std::string &hook : hook_names()) {
        const std::string path = link_path(pins.root(), number, hook);
        detach_link(path);
        unlink(path.c_str());
    }
}

bool is_number(const std::string &text, uint64_t &value) {
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    return bad == std::errc() && end == text.data() + text.size() && value;
}

} // namespace

Result<Cgroup> find_cgroup(const std::string &text) {
    Cgroup cgroup;
    if (is_number(text, cgroup.id)) {
        cgroup.path = path_of_cgroup(cgroup.id);
        return cgroup;
    }
    const Fd fd(open(text.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st {};
    struct statfs fs {};
    if (!fd.valid() || fstat(fd.get(), &st) != 0 || fstatfs(fd.get(), &fs) != 0) {
        Error error = system_error("open the cgroup " + text, errno);
        if (errno == ENOENT)
            error.hint = "sudo mkdir " + text;
        return fail(std::move(error));
    }
    if (fs.f_type != CGROUP2_SUPER_MAGIC)
        return fail(failure(text + " is no directory of cgroup2")
                        .with_hint("findmnt -t cgroup2   (says where it is)"));
    cgroup.id = st.st_ino;
    char *const whole = realpath(text.c_str(), nullptr);
    cgroup.path = whole ? whole : text;
    std::free(whole);
    return cgroup;
}

Result<std::vector<std::pair<unsigned, cgroup_record>>> attached_cgroups(const Pins &pins) {
    std::vector<std::pair<unsigned, cgroup_record>> found;
    if (access(pins.path(cgroups_map.path).c_str(), F_OK) != 0)
        return found;
    const auto map = pins.open(cgroups_map, Access::read);
    if (!map)
        return fail(map.error());
    for (unsigned number = 0; number < MAX_CGROUPS; number++) {
        const auto record = record_at(*map, number);
        if (!record)
            return fail(record.error());
        if (record->id)
            found.emplace_back(number, *record);
    }
    return found;
}

Result<void> Policy::load(const Pins &pins, const Layout &layout, Place &place, Policy &policy,
                          Undo &undo) {
    const std::string root = layout.root(pins);
    const auto object = open_object(elf);
    if (!object)
        return fail(object.error());
    const uint32_t number = place.number;
    set_constant(*object, "cgroup_number", &number, sizeof number);
    set_constant(*object, "ring_size", &layout.abi().ring_size, sizeof(uint32_t));
    set_constant(*object, "reader_slots", &layout.abi().readers, sizeof(uint32_t));
    if (auto shared = reuse_maps(*object, layout, root, policy_maps); !shared)
        return shared;
    bpf_program *program = nullptr;
    const bool first = !policy.iterator_.valid();
    bpf_object__for_each_program(program, object->get()) if (is_tracing(program))
        bpf_program__set_autoload(program, first && is_granted(program));
    if (const int code = bpf_object__load(object->get()); code != 0)
        return fail(system_error("load the programs of rules", -code)
                        .with_hint("sudo ebpf-load --check; with -v: the kernel's log"));
    if (auto pinned = pin_maps(*object, root, policy_maps, undo); !pinned)
        return pinned;
    size_t index = 0;
    bpf_object__for_each_program(program, object->get()) {
        if (!bpf_program__autoload(program))
            continue;
        if (is_iterator(program)) {
            policy.iterator_ = keep_program(program);
            continue;
        }
        if (is_tracing(program)) {
            Hook probe;
            probe.name = bpf_program__name(program);
            probe.program = keep_program(program);
            policy.probes_.push_back(std::move(probe));
            continue;
        }
        Hook hook;
        hook.name = bpf_program__name(program);
        hook.program = keep_program(program);
        hook.attach_type = bpf_program__expected_attach_type(program);
        const auto id = program_id(hook.program.get());
        if (!id)
            return fail(id.error());
        if (!place.is_new) {
            auto link = open_link(link_path(root, place.number, hook.name));
            if (!link)
                return fail(link.error());
            const auto state = inspect_link(*link);
            if (!state)
                return fail(state.error());
            hook.before = state->program;
            hook.link = std::move(*link);
        }
        place.record.programs[index++] = *id;
        place.hooks.push_back(std::move(hook));
    }
    place.record.build = build_of_policy(layout, place.number);
    return {};
}

// Maps that no program has.
Result<void> make_tables(const std::string &root, Undo &undo) {
    for (const MapSpec *spec : {&cgroups_map, &texts_map}) {
        const std::string path = root + "/" + spec->path;
        if (access(path.c_str(), F_OK) == 0)
            continue;
        LIBBPF_OPTS(bpf_map_create_opts, options);
        options.map_flags = spec->flags;
        const Fd map(bpf_map_create(static_cast<bpf_map_type>(spec->type), spec->name,
                                    spec->key_size, spec->value_size, spec->entries, &options));
        if (!map.valid() || bpf_obj_pin(map.get(), path.c_str()) != 0)
            return fail(system_error("make " + path, errno));
        chmod(path.c_str(), 0600); // until protect()
        undo.add([path] { unlink(path.c_str()); });
    }
    return {};
}

Result<void> pin_for_admins(const std::string &root, Undo &undo) {
    const std::string directory = root + "/admin";
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error("make " + directory, errno));
    undo.add([directory] { rmdir(directory.c_str()); });
    for (const MapSpec *spec : admin_maps) {
        const std::string path = directory + "/" + spec->name;
        if (access(path.c_str(), F_OK) == 0)
            continue;
        const auto map = open_map(root + "/" + spec->path, *spec, Access::write);
        if (!map)
            return fail(map.error());
        if (bpf_obj_pin(map->get(), path.c_str()) != 0)
            return fail(system_error("pin " + path, errno));
        chmod(path.c_str(), 0600); // until protect()
        undo.add([path] { unlink(path.c_str()); });
    }
    return {};
}

Result<Policy> Policy::plan(const Pins &pins, Layout &layout,
                            const std::vector<std::string> &wanted, Undo &undo) {
    Policy policy;
    const std::string root = layout.root(pins);
    auto present = layout.is_new() ? decltype(attached_cgroups(pins))() : attached_cgroups(pins);
    if (!present)
        return fail(present.error());
    if (present->empty() && wanted.empty())
        return policy;
    if (auto made = make_tables(root, undo); !made)
        return fail(made.error());
    const auto map = open_map(root + "/" + cgroups_map.path, cgroups_map, Access::write);
    if (!map)
        return fail(map.error());
    for (const auto &[number, record] : *present) {
        Place place;
        place.number = number;
        place.record = record;
        place.cgroup = {record.id, path_of_cgroup(record.id)};
        if (place.cgroup.path.empty() || !is_whole(pins, number, record)) {
            std::fprintf(stderr, "ebpf-load: %s: the cgroup is gone, or others detached this\n",
                         printable(record.path).c_str());
            remove_links(pins, number);
            if (auto freed = set_record(*map, number, {}); !freed)
                return fail(freed.error());
            continue;
        }
        policy.places_.push_back(std::move(place));
    }
    for (const std::string &text : wanted) {
        auto cgroup = find_cgroup(text);
        if (!cgroup)
            return fail(cgroup.error());
        if (cgroup->path.empty())
            return fail(failure("no cgroup has the id " + text));
        auto there = std::find_if(policy.places_.begin(), policy.places_.end(),
                                  [&](const Place &p) { return p.cgroup.id == cgroup->id; });
        if (there != policy.places_.end()) {
            there->wanted = true;
            continue;
        }
        Place place;
        place.is_new = place.wanted = true;
        const auto taken = [&](unsigned number) {
            return std::any_of(policy.places_.begin(), policy.places_.end(),
                               [&](const Place &p) { return p.number == number; });
        };
        while (taken(place.number))
            place.number++;
        if (place.number >= MAX_CGROUPS)
            return fail(failure("all " + std::to_string(MAX_CGROUPS) + " cgroups are in use"));
        place.cgroup = *cgroup;
        place.record.id = cgroup->id;
        cgroup->path.copy(place.record.path, sizeof place.record.path - 1);
        policy.places_.push_back(std::move(place));
    }
    for (Place &place : policy.places_)
        if (place.is_new || place.record.build != build_of_policy(layout, place.number) ||
            is_exchanged(pins, place.number, place.record))
            if (auto loaded = load(pins, layout, place, policy, undo); !loaded)
                return fail(loaded.error());
    if (auto pinned = pin_for_admins(root, undo); !pinned)
        return fail(pinned.error());
    return policy;
}

// Each hook in one step of the kernel's: attached, or from the old program to the new one.
Result<void> Policy::attach_place(const Pins &pins, const Layout &layout, Place &place,
                                  Undo &undo) {
    const std::string root = layout.root(pins);
    const Fd directory(open(place.cgroup.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid())
        return fail(system_error("open the cgroup " + place.cgroup.path, errno));
    for (Hook &hook : place.hooks) {
        const std::string what = hook.name + " of " + place.cgroup.path;
        if (!place.is_new) {
            const auto before = std::make_shared<Fd>(bpf_prog_get_fd_by_id(hook.before));
            const int link = hook.link.get(), program = hook.program.get();
            LIBBPF_OPTS(bpf_link_update_opts, options);
            options.flags = BPF_F_REPLACE;
            options.old_prog_fd = static_cast<__u32>(before->get());
            if (!before->valid() || bpf_link_update(link, program, &options) != 0)
                return fail(system_error("update " + what, errno));
            undo.add([link, before] { bpf_link_update(link, before->get(), nullptr); });
            continue;
        }
        hook.link = Fd(bpf_link_create(hook.program.get(), directory.get(),
                                       static_cast<bpf_attach_type>(hook.attach_type), nullptr));
        if (!hook.link.valid())
            return fail(system_error("attach " + what, errno));
        const std::string path = link_path(root, place.number, hook.name);
        if (bpf_obj_pin(hook.link.get(), path.c_str()) != 0)
            return fail(system_error("pin " + path, errno));
        chmod(path.c_str(), 0600);
        const int link = hook.link.get();
        undo.add([link, path] {
            bpf_link_detach(link);
            unlink(path.c_str());
        });
    }
    return {};
}

// In the place of an older one, in one step.
Result<void> pin_over(const Fd &link, const std::string &path) {
    const std::string fresh = path + "-new";
    unlink(fresh.c_str());
    if (bpf_obj_pin(link.get(), fresh.c_str()) != 0)
        return fail(system_error("pin " + fresh, errno));
    chmod(fresh.c_str(), 0600);
    if (rename(fresh.c_str(), path.c_str()) != 0)
        return fail(system_error("move " + fresh + " to " + path, errno));
    return {};
}

// A second one beside an older one does no harm: what they do, they may do twice.
Result<void> Policy::attach_probes(const Pins &pins, const Layout &layout, Undo &undo) {
    for (Hook &probe : probes_) {
        const std::string path = probe_path(layout.root(pins), probe.name);
        probe.link = Fd(bpf_raw_tracepoint_open(nullptr, probe.program.get()));
        if (!probe.link.valid())
            return fail(system_error("attach " + probe.name, errno));
        if (access(path.c_str(), F_OK) != 0)
            undo.add([path] { unlink(path.c_str()); });
        if (auto pinned = pin_over(probe.link, path); !pinned)
            return pinned;
    }
    return {};
}

// Which of the attached cgroups are below another one that is attached.
Result<void> Policy::cover(const Pins &pins, const Layout &layout) const {
    const std::string path = layout.root(pins) + "/" + covered_map.path;
    const auto map = open_map(path, covered_map, Access::write);
    if (!map)
        return fail(map.error());
    covered_record record{};
    for (const Place &inner : places_)
        for (const Place &outer : places_)
            if (is_below(inner.cgroup.path, outer.cgroup.path))
                record.cgroups |= uint64_t{1} << inner.number;
    const __u32 zero = 0;
    if (bpf_map_update_elem(map->get(), &zero, &record, BPF_ANY) != 0)
        return fail(system_error("write " + path, errno));
    return {};
}

Result<void> Policy::attach(const Pins &pins, const Layout &layout, Undo &undo) {
    if (places_.empty())
        return {};
    const auto map =
        open_map(layout.root(pins) + "/" + cgroups_map.path, cgroups_map, Access::write);
    if (!map)
        return fail(map.error());
    for (Place &place : places_) {
        if (place.hooks.empty())
            continue;
        const auto before = record_at(*map, place.number);
        if (!before)
            return fail(before.error());
        const std::string path = layout.root(pins) + "/" + cgroups_map.path;
        undo.add([path, number = place.number, record = *before] {
            if (const auto table = open_map(path, cgroups_map, Access::write))
                static_cast<void>(set_record(*table, number, record));
        });
        if (auto set = set_record(*map, place.number, place.record); !set)
            return set;
        if (auto attached = attach_place(pins, layout, place, undo); !attached)
            return attached;
    }
    if (auto attached = attach_probes(pins, layout, undo); !attached)
        return attached;
    return cover(pins, layout);
}

Result<void> Policy::adopt() const {
    if (!iterator_.valid())
        return {};
    const Fd link(bpf_link_create(iterator_.get(), 0, BPF_TRACE_ITER, nullptr));
    const Fd list(link.valid() ? bpf_iter_create(link.get()) : -1);
    if (!list.valid())
        return fail(system_error("label the sockets that are there", errno));
    char ignored[4096];
    ssize_t size = 0;
    do
        size = read(list.get(), ignored, sizeof ignored);
    while (size > 0 || (size < 0 && errno == EINTR));
    return size < 0 ? fail(system_error("label the sockets that are there", errno))
                    : Result<void>();
}

std::vector<Policy::Told> Policy::told() const {
    std::vector<Told> all;
    for (const Place &place : places_)
        all.push_back({place.cgroup.path,
                       place.hooks.empty() ? "unchanged"
                       : place.is_new      ? "attached"
                                           : "programs replaced",
                       place.wanted || !place.hooks.empty()});
    return all;
}

Result<unsigned> unload_cgroups(const Pins &pins, const std::vector<uint64_t> &ids) {
    const auto present = attached_cgroups(pins);
    if (!present)
        return fail(present.error());
    if (present->empty())
        return 0U;
    const auto map = pins.open(cgroups_map, Access::write);
    const auto covered = pins.open(covered_map, Access::write);
    if (!map || !covered)
        return fail(map ? covered.error() : map.error());
    const auto goes = [&](const cgroup_record &record) {
        return ids.empty() || std::find(ids.begin(), ids.end(), record.id) != ids.end();
    };
    // Those below take over before the one above goes.
    covered_record record{};
    for (const auto &[number, inner] : *present)
        for (const auto &[other, outer] : *present)
            if (!goes(outer) && is_below(path_of_cgroup(inner.id), path_of_cgroup(outer.id)))
                record.cgroups |= uint64_t{1} << number;
    const __u32 zero = 0;
    if (bpf_map_update_elem(covered->get(), &zero, &record, BPF_ANY) != 0)
        return fail(system_error("write " + pins.path(covered_map.path), errno));
    unsigned gone = 0, left = 0;
    for (const auto &[number, cgroup] : *present) {
        if (!goes(cgroup)) {
            left++;
            continue;
        }
        remove_links(pins, number);
        if (auto freed = set_record(*map, number, {}); !freed)
            return fail(freed.error());
        std::fprintf(stderr, "ebpf-load: %s: unloaded\n", printable(cgroup.path).c_str());
        gone++;
    }
    if (left)
        return gone;
    for (const char *name : {"see_send", "see_receive"}) {
        detach_link(probe_path(pins.root(), name));
        unlink(probe_path(pins.root(), name).c_str());
    }
    for (const MapSpec *spec : admin_maps)
        unlink(pins.path(std::string("admin/") + spec->name).c_str());
    rmdir(pins.path("admin").c_str());
    for (const MapSpec *spec : policy_maps)
        unlink(pins.path(spec->path).c_str());
    return gone;
}

} // namespace pinpipe::loader
