// SPDX-License-Identifier: MIT
// Owner, group and mode of every pin of a layout.
#include "tools/loader/layout.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

// Ignores symbolic links, since no pin is one: the file that a link leads to keeps its owner.
Result<void> set_access(const std::string &path, mode_t mode, gid_t group) {
    struct stat st {};
    if (lstat(path.c_str(), &st) == 0 && S_ISLNK(st.st_mode))
        return {};
    if (chown(path.c_str(), 0, group) != 0 || chmod(path.c_str(), mode) != 0)
        return fail(system_error("set owner and mode of " + path, errno));
    return {};
}

// "group ebpf"
std::string group_text(gid_t gid) {
    if (gid == 0)
        return "root alone";
    const group *entry = getgrgid(gid);
    return "group " + (entry ? std::string(entry->gr_name) : std::to_string(gid));
}

} // namespace

Result<gid_t> parse_group(const std::string &name) {
    if (const group *entry = getgrnam(name.c_str()))
        return entry->gr_gid;
    gid_t gid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), gid);
    constexpr gid_t nobody = ~gid_t{0}; // chown(2) takes it for "unchanged"
    if (bad == std::errc() && end == name.data() + name.size() && gid != nobody)
        return gid;
    return fail(failure("no group " + name).with_hint("sudo groupadd --system " + name));
}

std::vector<std::string> Layout::access_changes() const {
    std::vector<std::string> changes;
    const auto add = [&](const char *may, gid_t before, gid_t now) {
        if (before != now)
            changes.push_back(group_text(now) + " may " + may +
                              " now; before: " + group_text(before));
    };
    if (!staged_) {
        add("read", group_before_, abi_.group);
        add("edit rules", admins_before_, abi_.admins);
    }
    return changes;
}

Result<void> Layout::protect(const Pins &pins, Undo &undo) {
    const std::string root = this->root(pins);
    if (!staged_)
        undo.add([this, root, before = abi_] {
            abi_.group = before.group;
            abi_.admins = before.admins;
            abi_.payload = before.payload;
            std::copy(std::begin(before.refused), std::end(before.refused),
                      std::begin(abi_.refused));
            static_cast<void>(write_abi());
            static_cast<void>(set_modes(root));
        });
    abi_.group = group_;
    abi_.admins = admins_;
    abi_.payload = payload_;
    std::copy(refused_.begin(), refused_.end(), std::begin(abi_.refused));
    if (auto written = write_abi(); !written)
        return written;
    return set_modes(root);
}

// For commands of the admin group: see admin_components.
Result<void> Layout::mark_refused(const std::string &root) const {
    for (const optional_component number : admin_components) {
        const std::string path = root + "/" + refused_path(number);
        if (!abi_.refused[number])
            rmdir(path.c_str());
        else if (auto made = make_directory(path); !made)
            return made;
    }
    return {};
}

Result<void> Layout::set_modes(const std::string &root) const {
    if (auto marked = mark_refused(root); !marked)
        return marked;
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
    for (const optional_component number : admin_components)
        if (abi_.refused[number])
            all.push_back({"/" + refused_path(number), 0750, true});
    for (const auto &maps : {watch_maps, admin_maps})
        for (const MapSpec *spec : maps)
            if (const std::string path = std::string("/admin/") + spec->name;
                access((root + path).c_str(), F_OK) == 0)
                all.push_back({path, admin_mode, true});
    for (const char *path : {admin_bound_path, find_kin_path, find_sockets_path})
        if (access((root + "/" + path).c_str(), F_OK) == 0)
            all.push_back({std::string("/") + path, 0440, true});
    for (const char *path : {bound_path, pgid_path})
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

} // namespace pinpipe::loader
