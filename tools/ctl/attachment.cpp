// SPDX-License-Identifier: MIT
#include "tools/ctl/attachment.h"

#include "lib/pins/links.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace pinpipe::ctl {
namespace {

uint64_t own_netns() {
    struct stat st {};
    return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

// Asks the interface itself, where the link may not be opened; only in our network namespace.
Attached ask_interface(const hook_record &record) {
    if (record.netns != own_netns())
        return Attached::unknown;
    LIBBPF_OPTS(bpf_xdp_query_opts, query);
    const int code = bpf_xdp_query(static_cast<int>(record.ifindex), 0, &query);
    if (code == -ENODEV || code == -ENXIO)
        return Attached::gone;
    if (code != 0)
        return Attached::unknown;
    const __u32 program = record.flags & HOOK_GENERIC ? query.skb_prog_id : query.drv_prog_id;
    return program == record.program ? Attached::yes
           : program                 ? Attached::exchanged
                                     : Attached::unpinned;
}

// Nothing if the link cannot be opened.
std::optional<Attached> link_attached(const std::string &path, uint64_t program) {
    const auto link = open_link(path);
    if (!link)
        return link.error().code == ENOENT ? std::optional(Attached::unpinned) : std::nullopt;
    const auto state = inspect_link(*link);
    if (!state)
        return Attached::unknown;
    if (!state->attached)
        return Attached::gone;
    return state->program == program ? Attached::yes : Attached::exchanged;
}

// The kernel detaches the programs of a removed cgroup some time later; the path shows it at once.
bool is_there(const cgroup_record &record) {
    struct stat st {};
    return strnlen(record.path, sizeof record.path) + 1 == sizeof record.path || // cut
           (stat(record.path, &st) == 0 && st.st_ino == record.id);
}

} // namespace

const char *attached_text(Attached state) {
    switch (state) {
    case Attached::yes: return "attached";
    case Attached::gone: return "gone";
    case Attached::exchanged: return "exchanged";
    case Attached::unpinned: return "unpinned";
    case Attached::unknown: break;
    }
    return "unknown";
}

Attached hook_attached(const Pins &pins, unsigned number, const hook_record &record) {
    if (const auto state = link_attached(pins.link(number), record.program))
        return *state;
    return record.kind == HOOK_XDP ? ask_interface(record) : Attached::unknown;
}

std::optional<Attached> sent_attached(const Pins &pins, unsigned number,
                                      const hook_record &record) {
    if (record.kind != HOOK_XDP || !(record.flags & HOOK_SENT))
        return std::nullopt;
    return link_attached(pins.sent_link(number), record.cgroup).value_or(Attached::unknown);
}

Attached cgroup_attached(const Pins &pins, unsigned number, const cgroup_record &record) {
    if (!is_there(record))
        return Attached::gone;
    const std::string start = "c" + std::to_string(number) + "-";
    std::error_code code;
    const auto wanted = std::count_if(std::begin(record.programs), std::end(record.programs),
                                      [](uint32_t id) { return id != 0; });
    ptrdiff_t pinned = 0;
    for (const auto &entry : std::filesystem::directory_iterator(pins.path("links"), code)) {
        if (entry.path().filename().string().rfind(start, 0) != 0)
            continue;
        const auto link = open_link(entry.path());
        const auto state = link ? inspect_link(*link) : fail(link.error());
        if (!state)
            return Attached::unknown;
        if (!state->attached)
            return Attached::gone;
        if (std::find(std::begin(record.programs), std::end(record.programs), state->program) ==
            std::end(record.programs))
            return Attached::exchanged;
        pinned++;
    }
    return code ? Attached::unknown : pinned < wanted ? Attached::unpinned : Attached::yes;
}

} // namespace pinpipe::ctl
