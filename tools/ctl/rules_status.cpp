// SPDX-License-Identifier: MIT
#include "tools/ctl/rules_status.h"

#include "lib/system/clock.h"
#include "tools/ctl/commands.h"
#include "tools/ctl/rule_steps.h"

#include <algorithm>
#include <tuple>

namespace pinpipe::ctl {
namespace {

// By number of the subject.
using Hits = std::unordered_map<uint32_t, Elements<hit_key, hit_record>>;

Result<Hits> read_hits(const RuleMaps &maps) {
    const auto all = maps.hits();
    if (!all)
        return fail(all.error());
    Hits hits;
    for (const auto &hit : *all)
        hits[hit.first.number].push_back(hit);
    return hits;
}

// Of ICMP the only port is 0.
uint64_t sum(const Hits &hits, const std::unordered_map<uint32_t, std::string> &lists,
             uint32_t number, unsigned proto, const PortRule &rule) {
    const auto found = hits.find(number);
    uint64_t count = 0;
    if (found == hits.end())
        return count;
    for (const auto &[key, record] : found->second) {
        const auto list = lists.find(key.list);
        if (key.proto == proto && (rule.sides >> key.side & 1) && key.port >= rule.range.first &&
            key.port <= rule.range.last && list != lists.end() && list->second == rule.to)
            count += record.count;
    }
    return count;
}

Result<SubjectStatus> look_at(const RuleMaps &maps, const Ruled &ruled, const Hits &hits) {
    const auto lists = maps.remotes();
    if (!lists)
        return fail(lists.error());
    SubjectStatus subject;
    subject.key = ruled.key;
    subject.text = ruled.text;
    subject.cgroup = ruled.cgroup;
    subject.user = user_text(ruled.key.user);
    subject.audit = ruled.audit();
    subject.children = ruled.children();
    subject.none = ruled.none();
    subject.icmp = ruled.icmp();
    subject.current = is_current(ruled.key, ruled.text);
    for (unsigned proto = 0; proto < rule_protos; proto++)
        for (const PortRule &rule : ruled.ports.rules(proto))
            subject.ranges.push_back({proto, rule.range,
                                      sum(hits, *lists, ruled.record.number, proto, rule),
                                      rule.sides, rule.to});
    subject.icmp_hits = sum(hits, *lists, ruled.record.number, RULE_ICMP, PortRule{});
    const auto denials = maps.denials(ruled.record.number);
    if (!denials)
        return fail(denials.error());
    subject.denied = denials->denied;
    subject.audited = denials->audited;
    if (denials->last)
        subject.last = WallClock().microseconds(denials->last);
    return subject;
}

Result<RulesStatus> gather_rules(const std::string &pin_root) {
    const auto maps = open_to_show(Pins(pin_root), say);
    if (!maps)
        return fail(maps.error());
    const auto rules = maps->read();
    if (!rules)
        return fail(rules.error());
    const auto hits = read_hits(*maps);
    if (!hits)
        return fail(hits.error());
    RulesStatus status;
    status.audit = rules->audit();
    for (const Ruled &ruled : rules->ruled) {
        auto subject = look_at(*maps, ruled, *hits);
        if (!subject)
            return fail(subject.error());
        status.subjects.push_back(std::move(*subject));
    }
    const auto place = [](const SubjectStatus &s) {
        return std::tie(s.key.kind, s.text, s.cgroup.path, s.user, s.current, s.key.id[0]);
    };
    std::sort(status.subjects.begin(), status.subjects.end(),
              [&](const SubjectStatus &a, const SubjectStatus &b) { return place(a) < place(b); });
    return status;
}

} // namespace

Result<void> rules(const Parsed &parsed) {
    const auto status = gather_rules(parsed.pin_root);
    if (!status)
        return fail(status.error());
    return print(parsed.has(opt_json) ? rules_json(*status) : rules_text(*status));
}

} // namespace pinpipe::ctl
