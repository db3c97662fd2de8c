#include "tools/loader/object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

bool exists(const std::string &path) {
    return access(path.c_str(), F_OK) == 0;
}

// libbpf names the map of a section after the object's name: only the end is ours.
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

} // namespace

std::string_view Elf::view() const {
    size_t size = 0;
    const auto *const start = static_cast<const char *>(bytes(&size));
    return {start, size};
}

Result<Object> open_object(const Elf &elf) {
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.object_name = elf.name;
    const std::string_view bytes = elf.view();
    Object object(bpf_object__open_mem(bytes.data(), bytes.size(), &options), bpf_object__close);
    if (!object)
        return fail(system_error(std::string("open the object ") + elf.name, errno));
    return object;
}

void set_constant(const Object &object, const char *name, const void *value, uint32_t size) {
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
        if (std::strcmp(btf__name_by_offset(types, variable->name_off), name) == 0 &&
            all[i].size == size && all[i].offset + size <= room)
            std::memcpy(bytes + all[i].offset, value, size);
    }
}

Result<void> reuse_maps(const Object &object, const Layout &layout, const std::string &root,
                        std::span<const MapSpec *const> own) {
    for (const MapSpec *spec : shared_maps)
        if (auto reused = reuse(object, *spec, layout.map(*spec).get()); !reused)
            return reused;
    for (const MapSpec *spec : own) {
        const std::string path = root + "/" + spec->path;
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

Result<void> pin_maps(const Object &object, const std::string &root,
                      std::span<const MapSpec *const> own, Undo &undo) {
    for (const MapSpec *spec : own) {
        const bpf_map *const map = find_map(object, *spec);
        const std::string path = root + "/" + spec->path;
        if (!map || exists(path))
            continue;
        if (bpf_obj_pin(bpf_map__fd(map), path.c_str()) != 0)
            return fail(system_error("pin " + path, errno));
        chmod(path.c_str(), 0600); // until protect()
        undo.add([path] { unlink(path.c_str()); });
    }
    return {};
}

Result<void> pin_over(const Fd &link, const std::string &path, Undo &undo) {
    const std::string fresh = path + "-new";
    if (!exists(path))
        undo.add([path] { unlink(path.c_str()); });
    unlink(fresh.c_str());
    if (bpf_obj_pin(link.get(), fresh.c_str()) != 0)
        return fail(system_error("pin " + fresh, errno));
    chmod(fresh.c_str(), 0600);
    if (rename(fresh.c_str(), path.c_str()) != 0)
        return fail(system_error("move " + fresh + " to " + path, errno));
    return {};
}

Result<uint32_t> program_id(int fd) {
    bpf_prog_info info{};
    __u32 size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        return fail(system_error("inspect a program", errno));
    return info.id;
}

Fd keep_program(const bpf_program *program) {
    return Fd(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3));
}

uint32_t map_id(const Fd &map) {
    bpf_map_info info{};
    __u32 size = sizeof info;
    return bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0 ? info.id : 0;
}

} // namespace pinpipe::loader
