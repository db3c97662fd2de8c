#include "tools/loader/labels.h"

#include "lib/pins/links.h"
#include "tools/loader/iterator.h"
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

constexpr Elf elf = {"relabel", relabel::elf_bytes};
constexpr const char *pin_start = "p-";

std::string pin_of(const std::string &root, const std::string &name) {
    return root + "/links/" + pin_start + name;
}

// fentry, which runs before the call, where the kernel grants it; else tracepoints, which run after
// it, where there are any. Functions that this kernel does not have are left out.
bool is_wanted(const bpf_program *program, bool fentry) {
    const auto type = bpf_program__expected_attach_type(program);
    if (is_iterator(program))
        return true;
    const std::string section = bpf_program__section_name(program);
    if (section.find("/sock_") != section.npos && fentry) // what fentry does better
        return false;
    if (type == BPF_TRACE_FENTRY && !fentry)
        return false;
    return libbpf_find_vmlinux_btf_id(section.substr(section.find('/') + 1).c_str(), type) > 0;
}

// What an earlier set has pinned and this one has not.
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

Result<Labels> Labels::load(const Pins &pins, const Layout &layout, Undo &undo) {
    Labels labels;
    const std::string root = layout.root(pins);
    const auto object = open_object(elf);
    if (!object)
        return fail(object.error());
    if (auto shared = reuse_maps(*object, layout, root, policy_maps); !shared)
        return fail(shared.error());
    const bool fentry = grants_fentry();
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object->get())
        bpf_program__set_autoload(program, is_wanted(program, fentry));
    if (const int code = bpf_object__load(object->get()); code != 0)
        return fail(system_error("load the programs of rules", -code)
                        .with_hint("sudo ebpf-load --check; with -v: the kernel's log"));
    if (auto pinned = pin_maps(*object, root, policy_maps, undo); !pinned)
        return fail(pinned.error());
    bpf_object__for_each_program(program, object->get()) {
        if (!bpf_program__autoload(program))
            continue;
        if (is_iterator(program))
            labels.iterator_ = keep_program(program);
        else
            labels.probes_.push_back({bpf_program__name(program), keep_program(program)});
    }
    return labels;
}

// A second one beside an older one does no harm: what they do, they may do twice.
Result<void> Labels::attach(const Pins &pins, const Layout &layout, Undo &undo) const {
    if (!iterator_.valid())
        return {};
    const std::string root = layout.root(pins);
    std::vector<std::string> kept;
    for (const Probe &probe : probes_) {
        const Fd link(bpf_raw_tracepoint_open(nullptr, probe.program.get()));
        if (!link.valid())
            return fail(system_error("attach " + probe.name, errno));
        kept.push_back(pin_of(root, probe.name));
        if (auto pinned = pin_over(link, kept.back(), undo); !pinned)
            return pinned;
    }
    remove_others(root, kept);
    return {};
}

Result<void> Labels::adopt() const {
    if (!iterator_.valid())
        return {};
    const char *const doing = "label the sockets that are there";
    const auto link = attach_iterator(iterator_, nullptr, doing);
    return link ? run_iterator(*link, doing) : fail(link.error());
}

void unload_labels(const Pins &pins) {
    remove_others(pins.root(), {});
}

} // namespace pinpipe::loader
