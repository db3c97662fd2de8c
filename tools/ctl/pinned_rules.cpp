// SPDX-License-Identifier: MIT
#include "tools/ctl/pinned_rules.h"

#include <cerrno>
#include <cstring>

namespace pinpipe::ctl {
namespace {

const AdminSet rule_set = {admin_maps, "--cgroup DIR", "rules"};

std::string text_of(const text_record &record) {
    return {record.text, strnlen(record.text, sizeof record.text)};
}

PortSet::Page page_of(const page_record &record) {
    PortSet::Page page;
    std::memcpy(page.data(), record.ports, sizeof record.ports);
    return page;
}

} // namespace

Result<RuleMaps> RuleMaps::open_to_read(const Pins &pins) {
    RuleMaps maps;
    auto opened = AdminMaps::open_to_read(pins, rule_set);
    if (!opened)
        return fail(opened.error());
    maps.maps_ = std::move(*opened);
    maps.pins_ = pins;
    return maps;
}

Result<RuleMaps> RuleMaps::open_to_write(const Pins &pins, const LockWait &wait) {
    RuleMaps maps;
    auto opened = AdminMaps::open_to_write(pins, rule_set, wait);
    if (!opened)
        return fail(opened.error());
    maps.maps_ = std::move(*opened);
    maps.pins_ = pins;
    auto policy = map_array(maps.map(policy_map), sizeof(policy_record), maps.path(policy_map));
    if (!policy)
        return fail(policy.error());
    maps.policy_ = std::move(*policy);
    auto sieve = map_array(maps.map(sieve_map), sizeof(sieve_record), maps.path(sieve_map));
    if (!sieve)
        return fail(sieve.error());
    maps.sieve_ = std::move(*sieve);
    return maps;
}

Result<policy_record> RuleMaps::policy() const {
    policy_record policy{};
    if (auto read = read_element(map(policy_map), 0, policy, path(policy_map)); !read)
        return fail(read.error());
    return policy;
}

Result<std::optional<subject_record>> RuleMaps::find(subject_key key) const {
    const auto holds = policy();
    if (!holds)
        return fail(holds.error());
    key.bank = holds->now & POLICY_BANK;
    subject_record record{};
    if (bpf_map_lookup_elem(map(subjects_map).get(), &key, &record) == 0)
        return record;
    if (errno != ENOENT)
        return fail(system_error("read " + path(subjects_map), errno));
    return std::optional<subject_record>();
}

Result<Elements<subject_key, subject_record>> RuleMaps::subjects() const {
    return read_all<subject_key, subject_record>(map(subjects_map), path(subjects_map));
}

Result<std::unordered_map<uint32_t, std::string>> RuleMaps::texts() const {
    const auto all = read_all<uint32_t, text_record>(map(texts_map), path(texts_map));
    if (!all)
        return fail(all.error());
    std::unordered_map<uint32_t, std::string> texts;
    for (const auto &[number, record] : *all)
        texts[number] = text_of(record);
    return texts;
}

scope_key scope_key_of(const std::string &path) {
    scope_key key{};
    path.copy(key.path, sizeof key.path - 1);
    return key;
}

Result<std::unordered_map<uint64_t, Cgroup>> RuleMaps::scopes() const {
    const auto all = read_all<scope_key, uint64_t>(map(scopes_map), path(scopes_map));
    if (!all)
        return fail(all.error());
    std::unordered_map<uint64_t, Cgroup> scopes;
    if (all->empty())
        return scopes;
    const auto mounts = cgroup_mounts();
    for (const auto &[key, number] : *all)
        scopes[number] = cgroup_at({key.path, strnlen(key.path, sizeof key.path)}, mounts);
    return scopes;
}

Result<std::optional<uint64_t>> RuleMaps::scope(const std::string &at) const {
    uint64_t number = 0;
    const scope_key key = scope_key_of(at);
    if (at.empty() || bpf_map_lookup_elem(map(scopes_map).get(), &key, &number) == 0)
        return number;
    if (errno != ENOENT)
        return fail(system_error("read " + path(scopes_map), errno));
    return std::optional<uint64_t>();
}

remote_key remote_key_of(const std::string &list) {
    remote_key key{};
    list.copy(key.text, sizeof key.text - 1);
    return key;
}

Result<std::unordered_map<uint32_t, std::string>> RuleMaps::remotes() const {
    const auto all = read_all<remote_key, uint64_t>(map(remotes_map), path(remotes_map));
    if (!all)
        return fail(all.error());
    std::unordered_map<uint32_t, std::string> lists = {{0, ""}};
    for (const auto &[key, number] : *all)
        lists[static_cast<uint32_t>(number)] = {key.text, strnlen(key.text, sizeof key.text)};
    return lists;
}

Result<std::optional<page_record>> RuleMaps::page(const page_key &key) const {
    page_record record{};
    if (bpf_map_lookup_elem(map(ports_map).get(), &key, &record) == 0)
        return record;
    if (errno != ENOENT)
        return fail(system_error("read " + path(ports_map), errno));
    return std::optional<page_record>();
}

// Looks up each page that a set can have: they are few, while the map may hold many of other sets.
Result<PortSet> RuleMaps::ports(uint32_t set) const {
    PortSet ports;
    const auto lists = remotes();
    if (!lists)
        return fail(lists.error());
    for (uint32_t number = 0; set && number < PortSet::all_pages; number++) {
        const auto all = page(PortSet::key_of(set, number));
        if (!all)
            return fail(all.error());
        if (!*all)
            continue;
        ports.set_page({"", number}, page_of(**all));
        for (const __u32 list : (*all)->lists) {
            const auto listed = list ? page(PortSet::key_of(set, number, list))
                                     : Result<std::optional<page_record>>();
            if (!listed)
                return fail(listed.error());
            if (const auto name = lists->find(list); *listed && name != lists->end())
                ports.set_page({name->second, number}, page_of(**listed));
        }
    }
    return ports;
}

Result<Elements<page_key, page_record>> RuleMaps::pages() const {
    return read_all<page_key, page_record>(map(ports_map), path(ports_map));
}

Result<Elements<hit_key, hit_record>> RuleMaps::hits() const {
    return read_all<hit_key, hit_record>(map(hits_map), path(hits_map));
}

Result<denial_record> RuleMaps::denials(uint32_t number) const {
    denial_record record{};
    if (auto read = read_element(map(denials_map), number, record, path(denials_map)); !read)
        return fail(read.error());
    return record;
}

Result<Rules> RuleMaps::read_once() const {
    const auto before = policy();
    if (!before)
        return fail(before.error());
    const auto entries = subjects();
    if (!entries)
        return fail(entries.error());
    const auto text = texts();
    if (!text)
        return fail(text.error());
    const auto all_pages = pages();
    if (!all_pages)
        return fail(all_pages.error());
    const auto lists = remotes();
    if (!lists)
        return fail(lists.error());
    std::unordered_map<uint32_t, PortSet> sets;
    for (const auto &[key, record] : *all_pages)
        if (const auto list = lists->find(key.list);
            list != lists->end() && key.proto < rule_protos && key.side < rule_sides &&
            key.page < PortSet::pages_of_side)
            sets[key.set].set_page(
                {list->second, PortSet::page_number(key.proto, key.side, key.page)},
                page_of(record));
    const auto cgroups = scopes();
    if (!cgroups)
        return fail(cgroups.error());
    Rules rules;
    rules.now = before->now;
    for (const auto &[key, record] : *entries) {
        if (key.bank != (rules.now & POLICY_BANK))
            continue;
        const auto found = text->find(record.number);
        const auto cgroup = cgroups->find(key.scope);
        rules.ruled.push_back({key, record, found == text->end() ? "?" : found->second,
                               cgroup == cgroups->end() ? Cgroup{} : cgroup->second,
                               sets[record.set]});
    }
    return rules;
}

Result<Rules> RuleMaps::read() const {
    constexpr int attempts = 100;
    for (int attempt = 0;; attempt++) {
        auto rules = read_once();
        if (!rules)
            return rules;
        const auto after = policy();
        if (!after)
            return fail(after.error());
        if (after->now == rules->now)
            return rules;
        if (attempt == attempts)
            return fail(failure("the rules change faster than they can be read"));
    }
}

} // namespace pinpipe::ctl
