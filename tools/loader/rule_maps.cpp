// SPDX-License-Identifier: MIT
#include "tools/loader/rule_maps.h"

#include "bpf/abi/rules.h"
#include "tools/loader/refusal.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::loader {

Result<void> make_rule_maps(const std::string &root, Undo &undo) {
    for (const MapSpec *spec : {&cgroups_map, &texts_map, &scopes_map, &remotes_map}) {
        const std::string path = root + "/" + spec->path;
        if (access(path.c_str(), F_OK) == 0)
            continue;
        LIBBPF_OPTS(bpf_map_create_opts, options);
        options.map_flags = spec->flags;
        const Fd map(bpf_map_create(static_cast<bpf_map_type>(spec->type), spec->name,
                                    spec->key_size, spec->value_size, spec->entries, &options));
        if (!map.valid())
            return fail(kernel_error_to_check(std::string("make the map ") + spec->name, errno));
        if (bpf_obj_pin(map.get(), path.c_str()) != 0)
            return fail(kernel_error("pin " + path, errno));
        chmod(path.c_str(), 0600); // until protect()
        undo.add([path] { unlink(path.c_str()); });
    }
    return {};
}

Result<void> pin_for_admins(const std::string &root, Undo &undo) {
    const std::string directory = root + "/" + admin_path;
    for (const MapSpec *spec : admin_maps) {
        const std::string path = directory + "/" + spec->name;
        if (access(path.c_str(), F_OK) == 0)
            continue;
        const auto map = open_map(root + "/" + spec->path, *spec, Access::write);
        if (!map)
            return fail(map.error());
        if (bpf_obj_pin(map->get(), path.c_str()) != 0)
            return fail(kernel_error("pin " + path, errno));
        chmod(path.c_str(), 0600); // until protect()
        undo.add([path] { unlink(path.c_str()); });
    }
    return {};
}

size_t count_subjects(const Pins &pins) {
    const auto policy = pins.open(policy_map, Access::read);
    const auto subjects = pins.open(subjects_map, Access::read);
    policy_record record{};
    if (!policy || !subjects || !read_element(*policy, 0, record, "the policy"))
        return 0;
    size_t count = 0;
    subject_key key{}, next{};
    for (const void *last = nullptr; bpf_map_get_next_key(subjects->get(), last, &next) == 0;
         key = next, last = &key)
        count += next.bank == (record.now & POLICY_BANK);
    return count;
}

void say_rules_are_gone(size_t subjects) {
    if (!subjects)
        return;
    std::fprintf(stderr, "ebpf-load: rules for %zu process%s are deleted with the last cgroup\n",
                 subjects, subjects == 1 ? "" : "es");
    say_hint("ebpf-ctl export >FILE   (before unloading, and ebpf-ctl apply FILE after the next "
             "load, keeps them)");
}

void remove_rule_maps(const Pins &pins) {
    say_rules_are_gone(count_subjects(pins));
    for (const MapSpec *spec : admin_maps)
        unlink(pins.admin(*spec).c_str());
    for (const MapSpec *spec : policy_maps)
        if (spec != &exes_map)
            unlink(pins.path(spec->path).c_str());
}

} // namespace pinpipe::loader
