// SPDX-License-Identifier: MIT
#include "tools/loader/object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {

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

std::vector<bpf_program *> loaded_programs(const Object &object) {
    std::vector<bpf_program *> programs;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        if (bpf_program__fd(program) >= 0)
            programs.push_back(program);
    }
    return programs;
}

Result<void> pin_over(const Fd &link, const std::string &path, Undo &undo) {
    const std::string fresh = path + "-new";
    if (access(path.c_str(), F_OK) != 0)
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

Result<Program> keep_program(const bpf_program *program) {
    Program kept;
    kept.fd = Fd(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3));
    const auto id = program_id(kept.fd.get());
    if (!id)
        return fail(id.error());
    kept.id = *id;
    return kept;
}

uint32_t map_id(const Fd &map) {
    bpf_map_info info{};
    __u32 size = sizeof info;
    return bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0 ? info.id : 0;
}

} // namespace pinpipe::loader
