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
