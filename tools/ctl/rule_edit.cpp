// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_edit.h"

#include "lib/base/undo.h"
#include "tools/ctl/rule_leftovers.h"
#include "tools/ctl/rule_scopes.h"
#include "tools/ctl/rule_sieve.h"
#include "tools/ctl/rule_steps.h"

#include <bpf/bpf.h>
#include <cerrno>

namespace pinpipe::ctl {
namespace {

// Resets the counters of a new subject and writes its text, before the subject itself.
Result<void> begin_subject(RuleMaps &maps, uint32_t number, const std::string &text, Undo &undo) {
    if (auto reset = reset_denials(maps, number); !reset)
        return reset;
    undo.add([&maps, number] { remove_all(maps.map(texts_map), std::vector{number}); });
    return write_all(maps.map(texts_map),
                     Elements<uint32_t, text_record>{{number, record_of(text)}},
                     maps.path(texts_map));
}

// A subject as it was before the change.
struct Before {
    subject_key key;
    std::optional<subject_record> record; // none: it is new
};

void restore(RuleMaps &maps, const Before &was) {
    if (!was.record)
        remove_all(maps.map(subjects_map), std::vector{was.key});
    else // cannot find the map full: the element was there before
        static_cast<void>(write_all(maps.map(subjects_map), Subjects{{was.key, *was.record}},
                                    maps.path(subjects_map)));
}

// Writes changes, none of which holds before the next generation begins.
class Changer {
public:
    Changer(RuleMaps &maps, Undo &undo) : maps_(maps), undo_(undo) {}

    Result<Leftovers> apply(const Change &change) {
        Before was{change.key, {}};
        if (!change.cgroup.empty()) {
            const auto scope = take_scope(maps_, change.cgroup, undo_);
            if (!scope)
                return fail(scope.error());
            was.key.scope = *scope;
        }
        auto found = maps_.find(was.key);
        if (!found)
            return fail(found.error());
        was.record = *found;
        was.key.bank = static_cast<__u16>(holding_bank(maps_));
        if (!change.after)
            return remove(was);
        return was.record ? alter(was, *change.after) : add(was, change);
    }

private:
    Result<Leftovers> remove(const Before &was) {
        if (!was.record)
            return Leftovers{};
        if (bpf_map_delete_elem(maps_.map(subjects_map).get(), &was.key) != 0)
            return fail(system_error("write " + maps_.path(subjects_map), errno));
        undo_.add([&maps = maps_, was] { restore(maps, was); });
        const uint32_t number = was.record->number;
        const auto ports = maps_.ports(was.record->set);
        if (!ports)
            return fail(ports.error());
        return Leftovers{was.record->set, number, was.key.scope != 0, has_lists(*ports),
                         [number](const hit_key &hit) { return hit.number == number; }};
    }

    static bool has_lists(const PortSet &ports) {
        const auto lists = ports.lists();
        return !lists.empty() && !lists.rbegin()->empty();
    }

    // Picks the counters of what the subject may no longer use.
    Result<std::function<bool(const hit_key &)>> lost_hits(uint32_t number,
                                                           const Change::After &after) const {
        auto lists = maps_.remotes();
        if (!lists)
            return fail(lists.error());
        return [number, after, lists = std::move(*lists)](const hit_key &hit) {
            if (hit.number != number)
                return false;
            if (hit.proto == RULE_ICMP)
                return !(after.flags & SUBJECT_ICMP);
            const auto list = lists.find(hit.list);
            return list == lists.end() ||
                   !after.ports.has(hit.proto, hit.side, hit.port, list->second);
        };
    }

    Result<Leftovers> alter(const Before &was, const Change::After &after) {
        subject_record record = *was.record;
        record.flags = after.flags;
        const auto ports = maps_.ports(record.set);
        if (!ports)
            return fail(ports.error());
        Leftovers left;
        if (*ports != after.ports) {
            const auto set = write_set(after.ports);
            if (!set)
                return fail(set.error());
            left.set = record.set;
            left.listed = has_lists(*ports);
            record.set = *set;
        }
        if (lost_ports(*ports, after.ports) || was.record->flags & ~after.flags & SUBJECT_ICMP) {
            auto lost = lost_hits(record.number, after);
            if (!lost)
                return fail(lost.error());
            left.hits = std::move(*lost);
        }
        if (auto written = write(was, record); !written)
            return fail(written.error());
        return left;
    }

    Result<Leftovers> add(const Before &was, const Change &change) {
        if (!numbers_) {
            const auto subjects = maps_.subjects();
            if (!subjects)
                return fail(subjects.error());
            numbers_.emplace(*subjects, maps_.shared()->next_set);
        }
        const auto number = numbers_->take();
        if (!number)
            return fail(number.error());
        if (auto begun = begin_subject(maps_, *number, change.text, undo_); !begun)
            return fail(begun.error());
        const auto set = write_set(change.after->ports);
        if (!set)
            return fail(set.error());
        subject_record record{};
        record.set = *set;
        record.number = *number;
        record.flags = change.after->flags;
        if (auto written = write(was, record); !written)
            return fail(written.error());
        return Leftovers{};
    }

    static bool lost_ports(const PortSet &from, const PortSet &to) {
        PortSet both = from;
        both.add(to);
        return both != to;
    }

    Result<uint32_t> write_set(const PortSet &ports) {
        if (ports.empty())
            return uint32_t{0};
        auto set = take_sets(maps_, 1);
        if (!set)
            return set;
        Pages pages;
        RemoteNumbers numbers;
        if (auto taken = take_remotes(maps_, ports, numbers, undo_); !taken)
            return fail(taken.error());
        if (auto added = add_pages(pages, *set, ports, numbers); !added)
            return fail(added.error());
        undo_.add(
            [&maps = maps_, keys = keys_of(pages)] { remove_all(maps.map(ports_map), keys); });
        if (auto written = write_all(maps_.map(ports_map), pages, maps_.path(ports_map)); !written)
            return fail(written.error());
        return set;
    }

    Result<void> write(const Before &was, const subject_record &record) {
        const Subjects subjects = {{was.key, record}};
        if (auto sieved = add_to_sieve(maps_, subjects); !sieved)
            return sieved;
        undo_.add([&maps = maps_, was] { restore(maps, was); });
        return write_all(maps_.map(subjects_map), subjects, maps_.path(subjects_map));
    }

    RuleMaps &maps_;
    Undo &undo_;
    std::optional<SubjectNumbers> numbers_;
};

Result<void> try_change(RuleMaps &maps, const std::vector<Change> &changes) {
    Undo undo;
    Changer changer(maps, undo);
    std::vector<Leftovers> left;
    for (const Change &change : changes) {
        auto done = changer.apply(change);
        if (!done)
            return fail(done.error());
        left.push_back(std::move(*done));
    }
    if (auto bound = bind_scopes(maps); !bound)
        return bound;
    const auto bits = bits_now(maps);
    if (!bits)
        return fail(bits.error());
    undo.keep(); // even if confirm() fails: root has taken the maps over
    if (auto ours = maps.confirm(); !ours)
        return ours;
    if (auto known = make_known(maps, *bits); !known)
        return known;
    remove_leftovers(maps, left);
    return {};
}

Result<void> change_or_undo(RuleMaps &maps, const std::vector<Change> &changes) {
    remove_replaced_set(maps);
    auto done = try_change(maps, changes);
    if (done || done.error().code != E2BIG)
        return done;
    if (auto collected = collect(maps); !collected)
        return collected;
    return try_change(maps, changes);
}

} // namespace

Result<void> change(RuleMaps &maps, const std::vector<Change> &changes) {
    if (auto mended = mend(maps); !mended)
        return mended;
    set_changing(maps, true);
    auto done = change_or_undo(maps, changes);
    if (done)
        set_changing(maps, false);
    else // programs may have seen a part of it
        static_cast<void>(mend(maps));
    return done;
}

Result<void> set_audit(RuleMaps &maps, bool audit) {
    if (auto mended = mend(maps); !mended)
        return mended;
    set_changing(maps, true);
    const uint64_t bits = maps.shared()->now & (POLICY_STEP - 1) & ~uint64_t{POLICY_AUDIT};
    auto done = make_known(maps, bits | (audit ? POLICY_AUDIT : 0));
    if (done)
        set_changing(maps, false);
    return done;
}

} // namespace pinpipe::ctl
