// SPDX-License-Identifier: MIT
// Loads an object, again and again, without the optional programs that the kernel refuses.
#include "tools/loader/culprit.h"
#include "tools/loader/exists.h"
#include "tools/loader/object.h"
#include "tools/loader/refusal.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstring>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// Bytes of the buffer for the verifier's log, or the log of type information. Without a buffer,
// libbpf repeats a refused load with twice the room each time, which can take minutes.
constexpr size_t log_size = size_t{16} << 20;

using Names = std::set<std::string>;

// The object's map of that name. The map of a data section has the section's name in the object:
// ".data.NAME".
bpf_map *find_map(const Object &object, const MapSpec &spec) {
    if (bpf_map *const section =
            bpf_object__find_map_by_name(object.get(), (std::string(".data.") + spec.name).c_str()))
        return section;
    return bpf_object__find_map_by_name(object.get(), spec.name);
}

Result<void> reuse(const Object &object, const MapSpec &spec, int fd) {
    bpf_map *const map = find_map(object, spec);
    const int code = map ? bpf_map__reuse_fd(map, fd) : 0;
    if (code != 0)
        return fail(system_error(std::string("share the map ") + spec.name, -code));
    return {};
}

// Lets the object use the layout's maps, and those of plan.own that are pinned already. Loading the
// object makes the others of plan.own.
Result<void> reuse_maps(const Object &object, const ObjectPlan &plan, const Run &run) {
    for (const MapSpec *spec : shared_maps)
        if (auto reused = reuse(object, *spec, run.layout.map(*spec).get()); !reused)
            return reused;
    for (const MapSpec *spec : plan.own) {
        const std::string path = run.path(spec->path);
        if (!find_map(object, *spec) || !exists(path))
            continue;
        auto fd = open_map(path, *spec, Access::write);
        if (!fd)
            return fail(fd.error());
        if (auto reused = reuse(object, *spec, fd->get()); !reused)
            return reused;
    }
    return {};
}

Result<void> pin_maps(const Object &object, const ObjectPlan &plan, Run &run) {
    for (const MapSpec *spec : plan.own) {
        const bpf_map *const map = find_map(object, *spec);
        const std::string path = run.path(spec->path);
        if (!map || exists(path))
            continue;
        if (bpf_obj_pin(bpf_map__fd(map), path.c_str()) != 0)
            return fail(kernel_error("pin " + path, errno));
        chmod(path.c_str(), 0600); // until protect()
        run.undo.add([path] { unlink(path.c_str()); });
    }
    return {};
}

void set_constant(const Object &object, const Constant &constant) {
    bpf_map *const map = bpf_object__find_map_by_name(object.get(), ".rodata");
    const btf *const types = bpf_object__btf(object.get());
    size_t room = 0;
    char *const bytes =
        map ? static_cast<char *>(const_cast<void *>(bpf_map__initial_value(map, &room))) : nullptr;
    const int section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
    if (!bytes || section < 0)
        return;
    const btf_type *const type = btf__type_by_id(types, static_cast<__u32>(section));
    const btf_var_secinfo *const all = btf_var_secinfos(type);
    for (int i = 0; i < btf_vlen(type); i++) {
        const btf_type *const variable = btf__type_by_id(types, all[i].type);
        if (std::strcmp(btf__name_by_offset(types, variable->name_off), constant.name) != 0 ||
            all[i].size != constant.size || all[i].offset + constant.size > room)
            continue;
        const auto *const value = reinterpret_cast<const char *>(&constant.value);
        const size_t skip =
            __BYTE_ORDER == __BIG_ENDIAN ? sizeof constant.value - constant.size : 0;
        std::memcpy(bytes + all[i].offset, value + skip, constant.size);
    }
}

// Selects the programs to load, and their maps. left_out: programs that the kernel has refused.
// Returns false if no program is left.
bool choose_programs(const Object &object, const ObjectPlan &plan, const Names &left_out) {
    bool any = false;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        const bool wanted =
            (!plan.wants || plan.wants(program)) && !left_out.contains(bpf_program__name(program));
        bpf_program__set_autoload(program, wanted);
        any = any || wanted;
    }
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object.get()) {
        const Component *const component = find_map_component(bpf_map__name(map));
        if (component && left_out.contains(component->user))
            bpf_map__set_autocreate(map, false);
    }
    return any;
}

using Components = std::vector<const Component *>;

// The programs to leave out, now that the kernel has refused the culprit: the optional program that
// it names; or all programs, where it names none and all are optional. Empty: the load fails.
Components find_refused(const Object &object, const Elf &elf, const Culprit &culprit) {
    const Component *const map =
        culprit.kind == Culprit::Kind::map ? find_map_component(culprit.name) : nullptr;
    if (const Component *const program =
            find_program(elf.name, map ? map->user : culprit.name.c_str()))
        return program->is_optional() ? Components{program} : Components{};
    Components all;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        if (bpf_program__autoload(program))
            all.push_back(&component_of(elf, program));
    }
    const bool can_go_on = std::all_of(all.begin(), all.end(), [](const Component *component) {
        return component->is_optional();
    });
    return can_go_on ? all : Components{};
}

bool has_types(const Object &object) {
    return !bpf_object__btf(object.get()) || btf__fd(bpf_object__btf(object.get())) >= 0;
}

// Loads type information into the kernel for a moment. Returns 0 or an errno.
int load_types(const btf *types) {
    __u32 size = 0;
    const void *const bytes = btf__raw_data(types, &size);
    return Fd(bpf_btf_load(bytes, size, nullptr)).valid() ? 0 : errno;
}

// Tries the object's type information once more, then the smallest possible one: where the kernel
// refuses that, libbpf does not even try the object's. Returns the first errno; 0 if both load.
int types_refusal(const Object &object) {
    if (const int refused = load_types(bpf_object__btf(object.get())))
        return refused;
    const std::unique_ptr<btf, decltype(&btf__free)> least(btf__new_empty(), btf__free);
    if (!least || btf__add_int(least.get(), "int", 4, BTF_INT_SIGNED) < 0)
        return 0;
    return load_types(least.get());
}

// Whether the object has global functions. With their types the verifier checks such a function
// once; without, it checks it again at each call, and gives up after a minute.
bool needs_types(const Object &object) {
    const btf *const types = bpf_object__btf(object.get());
    for (__u32 id = 1; types && id < btf__type_cnt(types); id++) {
        const btf_type *const type = btf__type_by_id(types, id);
        if (btf_is_func(type) && btf_vlen(type) == BTF_FUNC_GLOBAL &&
            !bpf_object__find_program_by_name(object.get(),
                                              btf__name_by_offset(types, type->name_off)))
            return true;
    }
    return false;
}

// The errno with which the kernel refuses types that the object needs; 0 if none. EINVAL does not
// count: libbpf leaves out what an older kernel does not know.
int needed_types_refusal(const Object &object) {
    const int code = needs_types(object) ? types_refusal(object) : 0;
    return code == EINVAL ? 0 : code;
}

Error load_error(const Object &object, const Elf &elf, const Culprit &culprit, int code) {
    const std::string name = elf.name;
    if (!has_types(object)) {
        const int refused = types_refusal(object);
        return kernel_error_to_check("load the types (BTF) of " + name, refused ? refused : code);
    }
    if (culprit.kind == Culprit::Kind::map)
        return kernel_error_to_check("make the map " + culprit.name, code);
    const Component *const component = find_program(name, culprit.name);
    return kernel_error_to_check(
        component ? "load " + component_text(*component) : "load the programs of " + name, code);
}

void show_log(const ObjectPlan &plan, const Run &run, const char *log) {
    if (run.command.verbose && *log)
        std::fprintf(stderr, "ebpf-load: the kernel's log of %s:\n%s\n", plan.elf.name, log);
}

// One attempt to load the object. code: an errno, or 0 if the kernel refused nothing.
struct Attempt {
    Object object{nullptr, bpf_object__close};
    Culprit culprit = {};
    int code = 0;
};

Result<Attempt> try_to_load(const ObjectPlan &plan, const Run &run, const Names &left_out) {
    const std::unique_ptr<char[]> log(new char[log_size]);
    log[0] = '\0';
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.object_name = plan.elf.name;
    options.kernel_log_buf = log.get();
    options.kernel_log_size = log_size;
    const std::string_view bytes = plan.elf.view();
    Attempt attempt;
    attempt.object.reset(bpf_object__open_mem(bytes.data(), bytes.size(), &options));
    if (!attempt.object)
        return fail(system_error(std::string("open the object ") + plan.elf.name, errno));
    for (const Constant &constant : plan.constants)
        set_constant(attempt.object, constant);
    if (auto shared = reuse_maps(attempt.object, plan, run); !shared)
        return fail(shared.error());
    if (!choose_programs(attempt.object, plan, left_out))
        return attempt; // nothing to load
    attempt.code = needed_types_refusal(attempt.object);
    if (attempt.code == 0)
        attempt.code = -load_or_blame(attempt.object.get(), attempt.culprit);
    if (attempt.code != 0)
        show_log(plan, run, log.get());
    return attempt;
}

void note_types(const Object &object, Run &run) {
    const Component *const types = find_optional(OPTIONAL_TYPES);
    if (loaded_programs(object).empty() || has_types(object) || run.layout.refused(types->number))
        return;
    const int refused = types_refusal(object);
    run.go_on_without(*types, refused ? refused : EINVAL);
}

} // namespace

const Component &component_of(const Elf &elf, const bpf_program *program) {
    static constexpr Component unknown = {
        ComponentKind::program, "", "unknown", "", Capability::readers, OPTIONAL_NEEDED, ""};
    const Component *const found = find_program(elf.name, bpf_program__name(program));
    return found ? *found : unknown;
}

Result<Object> load_object(const ObjectPlan &plan, Run &run) {
    Names left_out;
    for (;;) {
        auto attempt = try_to_load(plan, run, left_out);
        if (!attempt)
            return fail(attempt.error());
        if (attempt->code == 0) {
            note_types(attempt->object, run);
            if (!loaded_programs(attempt->object).empty())
                if (auto pinned = pin_maps(attempt->object, plan, run); !pinned)
                    return fail(pinned.error());
            return std::move(attempt->object);
        }
        const Components refused = find_refused(attempt->object, plan.elf, attempt->culprit);
        if (refused.empty() || left_out.contains(refused[0]->name))
            return fail(load_error(attempt->object, plan.elf, attempt->culprit, attempt->code));
        const int types = has_types(attempt->object) ? 0 : types_refusal(attempt->object);
        const int code = types ? types : attempt->code;
        for (const Component *component : refused) {
            left_out.insert(component->name);
            run.go_on_without(*component, code);
        }
    }
}

} // namespace pinpipe::loader
