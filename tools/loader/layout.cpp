// SPDX-License-Identifier: MIT
#include "tools/loader/layout.h"

#include "lib/base/version.h"
#include "lib/system/clock.h"
#include "tools/loader/stage.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <grp.h>
#include <unistd.h>

namespace pinpipe::loader {
namespace {

constexpr unsigned hook_numbers = LAST_HOOK + 1;

// In the order of publishing. The abi record comes last: with it the pins are a layout.
constexpr const char *parts[] = {"readers", "maps", "admin", "links", "sent", "abi"};

void read_boot_id(__u8 (&id)[16]) {
    std::string text;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), text);
    size_t at = 0;
    for (size_t i = 0; i + 1 < text.size() && at < sizeof id; i++) {
        unsigned byte = 0;
        if (text[i] == '-' ||
            std::from_chars(text.data() + i, text.data() + i + 2, byte, 16).ec != std::errc())
            continue;
        id[at++] = static_cast<__u8>(byte);
        i++;
    }
}

template <class T> Result<void> keep_or_refuse(std::optional<T> asked, T loaded, const char *what) {
    if (!asked || *asked == loaded)
        return {};
    return fail(failure(std::string(what) + " is " + std::to_string(loaded) +
                        " since the first load and cannot change")
                    .with_hint("sudo ebpf-load --unload   (then load with the new value)"));
}

} // namespace

Fd &Layout::held(const MapSpec &spec) {
    const auto place = std::find(shared_maps.begin(), shared_maps.end(), &spec);
    return maps_.at(static_cast<size_t>(place - shared_maps.begin()));
}

const Fd &Layout::map(const MapSpec &spec) const {
    return const_cast<Layout *>(this)->held(spec);
}

Result<void> Layout::write_abi() {
    const __u32 zero = 0;
    if (bpf_map_update_elem(abi_map_.get(), &zero, &abi_, BPF_ANY) != 0)
        return fail(system_error("write the abi record", errno));
    return {};
}

Result<Layout> Layout::create(const Pins &pins, const Settings &settings) {
    Layout layout;
    layout.staged_ = true;
    abi_record &abi = layout.abi_;
    abi.magic = LAYOUT_MAGIC;
    abi.version = LAYOUT_VERSION;
    read_boot_id(abi.boot_id);
    const WallClock clock;
    abi.clock = clock.offset();
    abi.loaded = clock.microseconds(static_cast<uint64_t>(boot_now())) * 1000;
    abi.readers = settings.readers.value_or(default_readers);
    abi.ring_size = settings.ring_size.value_or(default_ring_size);
    const group *usual = getgrnam("ebpf");
    abi.group = layout.group_ = settings.group.value_or(usual ? usual->gr_gid : 0);
    const group *admins = getgrnam("ebpf-admin");
    abi.admins = layout.admins_ = settings.admins.value_or(admins ? admins->gr_gid : 0);
    abi.payload = layout.payload_ = settings.payload.value_or(0);
    abi.last_hook = LAST_HOOK;
    std::snprintf(abi.program, sizeof abi.program, "%s", version);

    const std::string stage = stage_path(pins);
    for (const char *directory :
         {"", "/maps", "/admin", "/admin/lock", "/readers", "/links", "/sent"})
        if (auto made = make_directory(stage + directory); !made)
            return fail(made.error());
    if (auto made = layout.make_maps(stage); !made)
        return fail(made.error());
    return layout;
}

Result<Layout> Layout::open(const Pins &pins, const Settings &settings) {
    Layout layout;
    auto abi = pins.abi();
    if (!abi)
        return fail(abi.error());
    layout.abi_ = *abi;
    layout.group_before_ = abi->group;
    layout.admins_before_ = abi->admins;
    for (const MapSpec *spec : shared_maps) {
        auto map = pins.open(*spec, Access::write);
        if (!map)
            return fail(map.error());
        layout.held(*spec) = std::move(*map);
    }
    auto abi_fd = pins.open(abi_map, Access::write);
    if (!abi_fd)
        return fail(abi_fd.error());
    layout.abi_map_ = std::move(*abi_fd);

    if (auto kept = keep_or_refuse(settings.readers, layout.abi_.readers, "--readers"); !kept)
        return fail(kept.error());
    if (auto kept = keep_or_refuse(settings.ring_size, layout.abi_.ring_size, "--ring-size"); !kept)
        return fail(kept.error());
    layout.group_ = settings.group.value_or(layout.abi_.group);
    layout.admins_ = settings.admins.value_or(layout.abi_.admins);
    layout.payload_ = settings.payload.value_or(layout.abi_.payload);
    std::copy(std::begin(layout.abi_.refused), std::end(layout.abi_.refused),
              layout.refused_.begin());
    if (auto made = make_directory(pins.path(admin_lock_path)); !made)
        return fail(made.error());
    if (auto repaired = layout.repair_wanted(pins); !repaired)
        return fail(repaired.error());
    if (auto repaired = layout.repair_slots(pins); !repaired)
        return fail(repaired.error());
    return layout;
}

Result<void> Layout::publish(const Pins &pins, Undo &undo) {
    if (!staged_)
        return {};
    undo.add([&pins] { static_cast<void>(remove_all(pins)); });
    for (const char *part : parts)
        if (access((stage_path(pins) + "/" + part).c_str(), F_OK) == 0)
            if (auto moved = move_over(stage_path(pins) + "/" + part, pins.path(part)); !moved)
                return moved;
    return clear_stage(pins);
}

Result<hook_record> Layout::hook(unsigned number) const {
    hook_record record{};
    if (bpf_map_lookup_elem(map(hooks_map).get(), &number, &record) != 0)
        return fail(system_error("read the hooks map", errno));
    record.name[sizeof record.name - 1] = '\0';
    return record;
}

Result<void> Layout::set_hook(unsigned number, const hook_record &record) {
    if (bpf_map_update_elem(map(hooks_map).get(), &number, &record, BPF_ANY) != 0)
        return fail(system_error("write the hooks map", errno));
    return {};
}

Result<unsigned> Layout::free_hook() {
    for (unsigned i = 1; i <= hook_numbers; i++) {
        const unsigned number = (abi_.last_hook + i) % hook_numbers;
        const auto record = hook(number);
        if (!record)
            return fail(record.error());
        if (record->kind != HOOK_NONE)
            continue;
        abi_.last_hook = number;
        if (auto written = write_abi(); !written)
            return fail(written.error());
        return number;
    }
    return fail(failure("all " + std::to_string(hook_numbers) + " hooks are in use"));
}

void Layout::set_refused(unsigned number, int code) {
    refused_.at(number) = static_cast<__u16>(code);
}

void Layout::forget_refused(std::string_view object) {
    for (unsigned number = 1; number < OPTIONALS; number++)
        if (const Component *const component = find_optional(number);
            component && component->object == object)
            refused_[number] = 0;
}

void Layout::announce() {
    std::copy(refused_.begin(), refused_.end(), std::begin(abi_.refused));
    abi_.hook_changes++;
    static_cast<void>(write_abi());
}

} // namespace pinpipe::loader
