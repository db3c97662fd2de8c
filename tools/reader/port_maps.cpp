// SPDX-License-Identifier: MIT
#include "tools/reader/port_maps.h"

#include "lib/pins/map_elements.h"

#include <bpf/libbpf.h>
#include <cerrno>

namespace pinpipe {
namespace {

size_t processors() {
    static const auto count = static_cast<size_t>(libbpf_num_possible_cpus());
    return count;
}

} // namespace

Result<PortMaps> PortMaps::open(const Pins &pins) {
    PortMaps maps;
    const std::pair<Fd *, const MapSpec *> all[] = {{&maps.counts_, &port_counts_map},
                                                    {&maps.counters_, &counters_map},
                                                    {&maps.watched_, &watched_map},
                                                    {&maps.watching_, &watching_map},
                                                    {&maps.usage_, &port_usage_map}};
    for (const auto &[fd, spec] : all) {
        auto map = pins.open(*spec, Access::read);
        if (!map && spec == &port_usage_map && map.error().code == ENOENT)
            continue;
        if (!map)
            return fail(map.error());
        *fd = std::move(*map);
    }
    return maps;
}

Result<std::vector<PortCount>> PortMaps::counts() const {
    std::vector<PortCount> all;
    auto read = see_all<__u32, count_record>(
        counts_, processors(), port_counts_map.path, [&](__u32 key, const count_record *each) {
            PortCount count{key >> 24, (key & COUNT_SENT) != 0, key % WATCHED_WORDS, {}};
            for (size_t i = 0; i < processors(); i++) {
                count.sum.packets += each[i].packets;
                count.sum.bytes += each[i].bytes;
            }
            all.push_back(count);
        });
    return read ? Result<std::vector<PortCount>>(std::move(all)) : fail(read.error());
}

Result<std::vector<PortUse>> PortMaps::uses() const {
    std::vector<PortUse> all;
    if (!usage_.valid())
        return all;
    auto read = see_all<port_user, port_usage>(usage_, 1, port_usage_map.path,
                                               [&](const port_user &user, const port_usage *sum) {
                                                   all.push_back({user, *sum});
                                               });
    return read ? Result<std::vector<PortUse>>(std::move(all)) : fail(read.error());
}

Result<std::array<hook_counters, MAX_HOOKS>> PortMaps::counters() const {
    std::array<hook_counters, MAX_HOOKS> sums{};
    std::vector<hook_counters> each(processors());
    for (unsigned hook = 0; hook < MAX_HOOKS; hook++) {
        if (auto read = read_bytes(counters_, hook, each.data(), counters_map.path); !read)
            return fail(read.error());
        for (const hook_counters &one : each) {
            sums[hook].malformed += one.malformed + one.truncated;
            sums[hook].port_fragments += one.port_fragments;
            sums[hook].sent_fragments += one.sent_fragments;
            sums[hook].uncounted += one.uncounted;
            sums[hook].uncounted_bytes += one.uncounted_bytes;
        }
    }
    return sums;
}

Result<uint64_t> PortMaps::word(uint32_t index) const {
    uint64_t word = 0;
    if (auto read = read_element(watched_, index, word, watched_map.path); !read)
        return fail(read.error());
    return word;
}

Result<bool> PortMaps::watches_any() const {
    watching_record watching{};
    if (auto read = read_element(watching_, 0, watching, watching_map.path); !read)
        return fail(read.error());
    return watching.ports != 0;
}

} // namespace pinpipe
