// SPDX-License-Identifier: MIT
#include "tools/ctl/cgroup_paths.h"

#include "lib/base/fd.h"
#include "lib/base/options.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <optional>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace pinpipe::ctl {
namespace {

constexpr const char *cgroup_prefix = "cgroup:";
constexpr size_t longest_path = SCOPE_PATH - 2;

bool is_cgroup(const std::string &directory) {
    struct stat st {};
    struct statfs fs {};
    return stat(directory.c_str(), &st) == 0 && S_ISDIR(st.st_mode) &&
           statfs(directory.c_str(), &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

// path behind a directory that it lies in; nothing if it lies elsewhere. "/" is the outermost.
std::optional<std::string> rest_of(const std::string &path, const std::string &directory) {
    if (directory == "/")
        return path == "/" ? "" : path;
    if (path.rfind(directory, 0) != 0 ||
        (path.size() > directory.size() && path[directory.size()] != '/'))
        return {};
    return path.substr(directory.size());
}

// The path in the hierarchy of a directory that is not or need not be there; nothing: it is in no
// mount of the hierarchy.
std::optional<std::string> path_of(const std::string &directory) {
    // Each directory is asked by one call, since a cgroup may come and go meanwhile.
    std::string existing = directory;
    Fd nearest(open(existing.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    while (!nearest.valid() && errno == ENOENT && existing.size() > 1) {
        existing.resize(std::max(existing.rfind('/'), size_t{1}));
        nearest = Fd(open(existing.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    struct statfs fs {};
    if (!nearest.valid() || fstatfs(nearest.get(), &fs) != 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
        return {};
    std::optional<std::string> path;
    size_t longest = 0;
    for (const CgroupMount &mount : cgroup_mounts()) {
        const auto rest = rest_of(directory, mount.directory);
        if (!rest || mount.directory.size() < longest)
            continue;
        longest = mount.directory.size(); // the last of those at the same place covers the others
        path = (mount.root == "/" ? "" : mount.root) + *rest;
    }
    return path;
}

// Without "." and "..", and with the symbolic links resolved of the part that exists. A directory
// that vanishes meanwhile is no error: it is looked for again.
Result<std::string> resolved(const std::string &path) {
    std::error_code code;
    std::string whole;
    for (int attempt = 0; attempt < 100; attempt++) {
        whole = std::filesystem::weakly_canonical(path, code);
        if (code != std::errc::no_such_file_or_directory)
            break;
    }
    if (code)
        return fail(system_error("find cgroup " + path, code.value()));
    while (whole.size() > 1 && whole.back() == '/')
        whole.pop_back();
    return whole;
}

Error no_cgroup(const std::string &text) {
    struct stat st {};
    if (stat(text.c_str(), &st) != 0)
        return failure(system_error("find cgroup " + text, errno).text);
    const std::string mount = cgroup_mount();
    return failure(text + " is no cgroup: no directory of the cgroup2 hierarchy" +
                   (mount.empty() ? "" : " at " + mount));
}

// Kernel programs compare paths of this length, and the first LABEL_SCOPES levels below the root.
Result<void> check_path(const std::string &path, const std::string &text) {
    const auto depth = std::count(path.begin(), path.end(), '/');
    if (depth > LABEL_SCOPES)
        return fail(failure(text + " is " + std::to_string(depth) +
                            " levels below the root: a rule can be about " +
                            std::to_string(LABEL_SCOPES) + " at most"));
    if (path.size() > longest_path)
        return fail(failure(text + " is too long: a rule can be about paths of at most " +
                            std::to_string(longest_path) + " bytes, from the root of the " +
                            "hierarchy on"));
    if (path.find('\0') != path.npos || path.find('\n') != path.npos)
        return fail(usage_error("no cgroup is called " + text));
    return {};
}

Result<Cgroup> find_by_id(const std::string &text) {
    const auto id =
        parse_number("cgroup:ID", text.substr(std::strlen(cgroup_prefix)), 1, ULONG_MAX);
    if (!id)
        return fail(id.error());
    const std::string path = CgroupPaths().path(*id);
    if (path.empty())
        return fail(Error{
            .text = "no cgroup has the id " + std::to_string(*id), .hint = "", .code = ENOENT});
    return find_cgroup(cgroup_at(path).shown);
}

// The directory that text means: a relative one begins in the working directory if that is a
// cgroup with such a directory, else at the root of the hierarchy.
Result<std::string> directory_meant(const std::string &text) {
    if (text.empty())
        return fail(usage_error("--cgroup needs a directory"));
    if (text[0] == '/' || is_cgroup(text))
        return resolved(text);
    const Cgroup root = cgroup_at("/");
    if (root.shown.empty() || root.shown[0] != '/')
        return fail(failure("there is no mount of the cgroup2 hierarchy"));
    return resolved(root.shown + "/" + text);
}

} // namespace

Cgroup cgroup_at(const std::string &path, const std::vector<CgroupMount> &mounts) {
    if (path.empty())
        return {};
    Cgroup cgroup{path, path.substr(1), 0};
    for (const CgroupMount &mount : mounts) {
        const auto rest = rest_of(path, mount.root);
        if (!rest)
            continue;
        struct stat st {};
        cgroup.shown = mount.directory + (path == "/" ? "" : *rest);
        if (is_cgroup(cgroup.shown) && stat(cgroup.shown.c_str(), &st) == 0)
            cgroup.id = st.st_ino;
        break;
    }
    return cgroup;
}

Result<Cgroup> find_cgroup(const std::string &text) {
    if (cgroup_mounts().empty() && !cgroup_mount().empty())
        return fail(failure("cannot find cgroup " + text +
                            ": this cgroup namespace shows only a part of the hierarchy; it can be "
                            "named outside of the container"));
    if (text.rfind(cgroup_prefix, 0) == 0)
        return find_by_id(text);
    const auto directory = directory_meant(text);
    if (!directory)
        return fail(directory.error());
    const auto path = path_of(*directory);
    if (!path)
        return fail(no_cgroup(text));
    if (path->empty())
        return fail(failure(text + " is the root cgroup, which has all processes: leave it out"));
    if (auto fits = check_path(*path, text); !fits)
        return fail(fits.error());
    return cgroup_at(*path);
}

bool is_within(const std::string &path, const std::string &above) {
    return rest_of(path, above).has_value();
}

std::string CgroupPaths::path(uint64_t id) {
    if (!walked_) {
        walked_ = true;
        const std::string root = cgroup_at("/").shown;
        struct stat st {};
        constexpr auto options = std::filesystem::directory_options::skip_permission_denied;
        std::error_code bad; // a directory that vanishes ends the walk: the rest has no path
        std::filesystem::recursive_directory_iterator at(root, options, bad), end;
        for (; !root.empty() && !bad && at != end; at.increment(bad))
            if (at->is_directory(bad) && stat(at->path().c_str(), &st) == 0)
                paths_[st.st_ino] = at->path().string().substr(root.size());
    }
    const auto found = paths_.find(id);
    return found == paths_.end() ? "" : found->second;
}

} // namespace pinpipe::ctl
