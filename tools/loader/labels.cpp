// SPDX-License-Identifier: MIT
#include "tools/loader/labels.h"

#include "lib/pins/links.h"
#include "tools/loader/iterator_link.h"
#include "tools/loader/object.h"
#include "tools/loader/probes.h"
#include "bpf/rules/relabel.skel.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <filesystem>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr Elf relabel_elf = {"relabel", relabel::elf_bytes};
constexpr const char *pin_start = "p-";

std::string pin_of(const std::string &root, const std::string &name) {
    return root + "/links/" + pin_start + name;
}

std::string finder_path(const std::string &root, const std::string &name) {
    return root + "/" + admin_path + "/" + name;
}

// Chooses fentry programs, which run before the call, where the kernel grants them; else the
// tracepoint programs, which run after it. Programs whose target this kernel lacks are left out.
bool is_chosen(const bpf_program *program, bool fentry) {
    const auto type = bpf_program__expected_attach_type(program);
    if (is_iterator(program))
        return true;
    const std::string section = bpf_program__section_name(program);
    if (section.find("/sock_") != section.npos && fentry) // fentry does the same, earlier
        return false;
    if (type == BPF_TRACE_FENTRY && !fentry)
        return false;
    return libbpf_find_vmlinux_btf_id(section.substr(section.find('/') + 1).c_str(), type) > 0;
}

// Detaches and unpins the links of an earlier load whose paths are not in kept.
void remove_others(const std::string &root, const std::vector<std::string> &kept) {
    std::error_code code;
    for (const auto &entry : std::filesystem::directory_iterator(root + "/links", code)) {
        const std::string name = entry.path().filename();
        if (name.rfind(pin_start, 0) != 0 ||
            std::find(kept.begin(), kept.end(), entry.path()) != kept.end())
            continue;
        detach_link(entry.path());
        unlink(entry.path().c_str());
    }
}

} // namespace

Result<void> Labels::load(Run &run) {
    const bool fentry = grants_fentry();
    run.layout.forget_refused(relabel_elf.name);
    const auto object = load_object(
        {.elf = relabel_elf,
         .own = policy_maps,
         .wants = [&](const bpf_program *program) { return is_chosen(program, fentry); }},
        run);
    if (!object)
        return fail(object.error());
    for (const bpf_program *program : loaded_programs(*object)) {
        auto kept = keep_program(program);
        if (!kept)
            return fail(kept.error());
        Probe probe{&component_of(relabel_elf, program), std::move(*kept)};
        if (is_iterator(program))
            finders_.push_back(std::move(probe));
        else
            probes_.push_back(std::move(probe));
    }
    is_loaded_ = true;
    return {};
}

Result<void> Labels::attach_finders(Run &run) {
    for (const auto &[component, program] : finders_) {
        auto link = attach_iterator(program.fd, nullptr, *component);
        if (!link) {
            run.go_on_without(*component, link.error().code);
            continue;
        }
        if (auto pinned = pin_over(*link, finder_path(run.root(), component->name), run.undo);
            !pinned)
            return pinned;
        finder_links_.push_back(std::move(*link));
    }
    return {};
}

// A new program may run beside its predecessor for a while: labelling a socket twice does no harm.
Result<void> Labels::attach(Run &run) {
    if (!is_loaded_)
        return {};
    std::vector<std::string> kept;
    for (const Probe &probe : probes_) {
        const Fd link(bpf_raw_tracepoint_open(nullptr, probe.program.fd.get()));
        if (!link.valid()) {
            run.go_on_without(*probe.component, errno);
            continue;
        }
        kept.push_back(pin_of(run.root(), probe.component->name));
        if (auto pinned = pin_over(link, kept.back(), run.undo); !pinned)
            return pinned;
    }
    for (const Refused &refused : run.refused) // the earlier program stays attached
        kept.push_back(pin_of(run.root(), refused.component->name));
    remove_others(run.root(), kept);
    return attach_finders(run);
}

// In the order of the program's source: processes first, since sockets take their rules from them.
Result<void> Labels::adopt() const {
    for (const Fd &link : finder_links_)
        if (auto found = run_iterator(link, "find the processes and sockets that are there");
            !found)
            return found;
    return {};
}

void unload_labels(const Pins &pins) {
    remove_others(pins.root(), {});
    for (const char *path : {find_kin_path, find_sockets_path})
        unlink(pins.path(path).c_str());
}

} // namespace pinpipe::loader
