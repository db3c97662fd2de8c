// SPDX-License-Identifier: MIT
#include "tools/loader/cgroups.h"

#include "lib/system/cgroup.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

bool is_number(const std::string &text, uint64_t &value) {
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    return bad == std::errc() && end == text.data() + text.size() && value;
}

constexpr const char *where_cgroups_are = "findmnt -t cgroup2   (says where cgroups are)";

// Whether a directory of that name would be a cgroup.
bool may_be_cgroup(const std::string &path) {
    const auto above = std::filesystem::path(path + "/..").lexically_normal();
    struct statfs fs {};
    return statfs(above.c_str(), &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

} // namespace

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

Result<cgroup_record> cgroup_at(const Fd &map, unsigned number) {
    cgroup_record record{};
    if (auto read = read_element(map, number, record, "the cgroups map"); !read)
        return fail(read.error());
    record.path[sizeof record.path - 1] = '\0';
    return record;
}

Result<void> set_cgroup(const Fd &map, unsigned number, const cgroup_record &record) {
    if (bpf_map_update_elem(map.get(), &number, &record, BPF_ANY) != 0)
        return fail(system_error("write the cgroups map", errno));
    return {};
}

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
        if (error.code == ENOENT)
            error.hint = may_be_cgroup(text) ? "sudo mkdir " + text : where_cgroups_are;
        return fail(std::move(error));
    }
    if (fs.f_type != CGROUP2_SUPER_MAGIC)
        return fail(failure(text + " is not a directory of cgroup2").with_hint(where_cgroups_are));
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
        const auto record = cgroup_at(*map, number);
        if (!record)
            return fail(record.error());
        if (record->id)
            found.emplace_back(number, *record);
    }
    return found;
}

Result<void> set_covered(const std::string &path, const covered_record &record) {
    const auto map = open_map(path, covered_map, Access::write);
    if (!map)
        return fail(map.error());
    const __u32 zero = 0;
    if (bpf_map_update_elem(map->get(), &zero, &record, BPF_ANY) != 0)
        return fail(system_error("write " + path, errno));
    return {};
}

} // namespace pinpipe::loader
