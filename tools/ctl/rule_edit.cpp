// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_edit.h"

#include "lib/base/hash.h"
#include "lib/base/undo.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <linux/membarrier.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>
#include <unordered_set>

namespace pinpipe::ctl {
namespace {

using Subjects = Elements<subject_key, subject_record>;

uint32_t holding_bank(const RuleMaps &maps) {
    return maps.shared()->now & POLICY_BANK;
}

std::atomic_ref<__u64> now_of(RuleMaps &maps) {
    return std::atomic_ref<__u64>(maps.shared()->now);
}

void wait_for_programs() {
    // Programs run inside RCU read-side sections; this waits for those that are under way.
    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

// The POLICY_HAS_* of the subjects of a bank.
uint64_t kinds_of(const Subjects &subjects, uint32_t bank) {
    uint64_t kinds = 0;
    for (const auto &[key, record] : subjects) {
        if (key.bank != bank)
            continue;
        kinds |= key.kind == SUBJECT_EXE ? POLICY_HAS_EXE : 0;
        kinds |= key.kind == SUBJECT_PID ? POLICY_HAS_PID : 0;
        kinds |= key.cgroup ? POLICY_HAS_CGROUP : 0;
        kinds |= record.flags & SUBJECT_CHILDREN ? POLICY_HAS_CHILDREN : 0;
    }
    return kinds;
}

// The next generation, with these POLICY_* bits.
void raise(RuleMaps &maps, uint64_t bits) {
    const auto now = now_of(maps);
    now.store((now.load() & ~uint64_t{POLICY_STEP - 1}) + POLICY_STEP + bits);
}

// So many set numbers that nobody has used; the first of them.
Result<uint32_t> take_sets(RuleMaps &maps, size_t count) {
    const std::atomic_ref<__u32> next(maps.shared()->next_set);
    const uint32_t first = std::max(next.load(), 1U);
    if (count > UINT32_MAX - first)
        return fail(failure("the numbers of port sets are used up")
                        .with_hint("sudo ebpf-load --unload   (then load again)"));
    next.store(first + static_cast<uint32_t>(count));
    return first;
}

void remove_set(RuleMaps &maps, uint32_t set) {
    for (uint32_t number = 0; set && number < PortSet::all_pages; number++) {
        const page_key key = PortSet::key_of(set, number);
        bpf_map_delete_elem(maps.map(ports_map).get(), &key);
    }
}

// What the last change left behind. Programs that were at it then are done.
void remove_old(RuleMaps &maps) {
    const std::atomic_ref<__u32> old(maps.shared()->old);
    remove_set(maps, old.load());
    old.store(0);
}

// Numbers for new subjects, the one used last being the last to come again.
class Numbers {
public:
    Numbers(const Subjects &subjects, uint32_t from) : next_(from % MAX_SUBJECTS) {
        for (const auto &[key, record] : subjects)
            taken_.insert(record.number);
    }
    Result<uint32_t> take() {
        if (taken_.size() >= MAX_SUBJECTS)
            return fail(failure("there are " + std::to_string(MAX_SUBJECTS) +
                                " subjects, old and new ones together: no room for another"));
        while (!taken_.insert(next_).second)
            next_ = (next_ + 1) % MAX_SUBJECTS;
        return next_;
    }

private:
    std::unordered_set<uint32_t> taken_;
    uint32_t next_;
};

void add_pages(Elements<page_key, page_record> &to, uint32_t set, const PortSet &ports) {
    for (const auto &[number, page] : ports.pages()) {
        page_record record{};
        std::memcpy(record.ports, page.data(), sizeof record.ports);
        to.emplace_back(PortSet::key_of(set, number), record);
    }
}

text_record record_of(const std::string &text) {
    text_record record{};
    text.copy(record.text, sizeof record.text - 1);
    return record;
}

template <class K, class V> std::vector<K> keys_of(const Elements<K, V> &elements) {
    std::vector<K> keys;
    for (const auto &[key, value] : elements)
        keys.push_back(key);
    return keys;
}

Result<void> forget_hits(RuleMaps &maps, const std::function<bool(const hit_key &)> &which) {
    const auto hits = maps.hits();
    if (!hits)
        return fail(hits.error());
    std::vector<hit_key> keys;
    for (const auto &[key, record] : *hits)
        if (which(key))
            keys.push_back(key);
    remove_all(maps.map(hits_map), keys);
    return {};
}

// Everything that no subject of the holding bank has: what a killed one has left.
Result<void> collect(RuleMaps &maps) {
    const auto subjects = maps.subjects();
    if (!subjects)
        return fail(subjects.error());
    const auto pages = maps.pages();
    if (!pages)
        return fail(pages.error());
    const auto texts = maps.texts();
    if (!texts)
        return fail(texts.error());
    std::unordered_set<uint32_t> sets, numbers;
    std::vector<subject_key> no_subjects;
    for (const auto &[key, record] : *subjects) {
        if (key.bank != holding_bank(maps)) {
            no_subjects.push_back(key);
            continue;
        }
        sets.insert(record.set);
        numbers.insert(record.number);
    }
    remove_all(maps.map(subjects_map), no_subjects);
    std::vector<page_key> no_pages;
    for (const auto &[key, record] : *pages)
        if (!sets.contains(key.set))
            no_pages.push_back(key);
    remove_all(maps.map(ports_map), no_pages);
    std::vector<uint32_t> no_texts;
    for (const auto &[number, text] : *texts)
        if (!numbers.contains(number))
            no_texts.push_back(number);
    remove_all(maps.map(texts_map), no_texts);
    std::atomic_ref<__u32>(maps.shared()->old).store(0);
    return forget_hits(maps, [&](const hit_key &hit) { return !numbers.contains(hit.number); });
}

// Counters and text of a subject that is about to be.
Result<void> begin_subject(RuleMaps &maps, uint32_t number, const std::string &text, Undo &undo) {
    const denial_record none{};
    if (bpf_map_update_elem(maps.map(denials_map).get(), &number, &none, BPF_ANY) != 0)
        return fail(system_error("write " + maps.path(denials_map), errno));
    undo.add([&maps, number] { remove_all(maps.map(texts_map), std::vector{number}); });
    return write_all(maps.map(texts_map),
                     Elements<uint32_t, text_record>{{number, record_of(text)}},
                     maps.path(texts_map));
}

struct Before {
    subject_key key;
    std::optional<subject_record> record;
};

void restore(RuleMaps &maps, const Before &was) {
    if (!was.record)
        remove_all(maps.map(subjects_map), std::vector{was.key});
    else // there was room for it
        static_cast<void>(write_all(maps.map(subjects_map), Subjects{{was.key, *was.record}},
                                    maps.path(subjects_map)));
    raise(maps, maps.shared()->now & (POLICY_STEP - 1)); // it may have been looked at
}

// What one change leaves to be done once it holds.
struct Left {
    uint32_t set = 0; // its old one
    std::optional<uint32_t> removed;
    std::function<bool(const hit_key &)> hits; // of ports that are gone
};

class Changer {
public:
    Changer(RuleMaps &maps, Undo &undo) : maps_(maps), undo_(undo) {}

    Result<Left> apply(const Change &change) {
        const auto found = maps_.find(change.key);
        if (!found)
            return fail(found.error());
        Before was{change.key, *found};
        was.key.bank = holding_bank(maps_);
        if (!change.after)
            return remove(was);
        return was.record ? alter(was, *change.after) : add(was, change);
    }

private:
    Result<Left> remove(const Before &was) {
        if (!was.record)
            return Left{};
        if (bpf_map_delete_elem(maps_.map(subjects_map).get(), &was.key) != 0)
            return fail(system_error("write " + maps_.path(subjects_map), errno));
        undo_.add([&maps = maps_, was] { restore(maps, was); });
        const uint32_t number = was.record->number;
        return Left{was.record->set, number,
                    [number](const hit_key &hit) { return hit.number == number; }};
    }

    Result<Left> alter(const Before &was, const Change::After &after) {
        subject_record record = *was.record;
        record.flags = after.flags;
        const auto ports = maps_.ports(record.set);
        if (!ports)
            return fail(ports.error());
        Left left;
        if (*ports != after.ports) {
            const auto set = write_set(after.ports);
            if (!set)
                return fail(set.error());
            left.set = record.set;
            record.set = *set;
            left.hits = [number = record.number, after = after.ports](const hit_key &hit) {
                return hit.number == number && !after.has(hit.proto, hit.port);
            };
            if (!lost_ports(*ports, after.ports))
                left.hits = nullptr;
        }
        if (auto written = write(was, record); !written)
            return fail(written.error());
        return left;
    }

    Result<Left> add(const Before &was, const Change &change) {
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
        return Left{};
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
        Elements<page_key, page_record> pages;
        add_pages(pages, *set, ports);
        undo_.add(
            [&maps = maps_, keys = keys_of(pages)] { remove_all(maps.map(ports_map), keys); });
        if (auto written = write_all(maps_.map(ports_map), pages, maps_.path(ports_map)); !written)
            return fail(written.error());
        return set;
    }

    Result<void> write(const Before &was, const subject_record &record) {
        undo_.add([&maps = maps_, was] { restore(maps, was); });
        return write_all(maps_.map(subjects_map), Subjects{{was.key, record}},
                         maps_.path(subjects_map));
    }

    RuleMaps &maps_;
    Undo &undo_;
    std::optional<Numbers> numbers_;
};

// The POLICY_* of what is in the maps now.
Result<uint64_t> bits_now(RuleMaps &maps) {
    const auto subjects = maps.subjects();
    if (!subjects)
        return fail(subjects.error());
    return (maps.shared()->now & (POLICY_BANK | POLICY_AUDIT)) |
           kinds_of(*subjects, holding_bank(maps));
}

void clean_up(RuleMaps &maps, const std::vector<Left> &left) {
    bool waited = false;
    for (const Left &one : left) {
        if (one.removed)
            remove_all(maps.map(texts_map), std::vector{*one.removed});
        if (one.hits) // counts that stay behind are collected later
            static_cast<void>(forget_hits(maps, one.hits));
        const std::atomic_ref<__u32> old(maps.shared()->old);
        if (!one.set)
            continue;
        if (!old.load()) {
            old.store(one.set);
            continue;
        }
        if (!waited)
            wait_for_programs();
        waited = true;
        remove_set(maps, one.set);
    }
}

Result<void> try_change(RuleMaps &maps, const std::vector<Change> &changes) {
    Undo undo;
    Changer changer(maps, undo);
    std::vector<Left> left;
    for (const Change &change : changes) {
        auto done = changer.apply(change);
        if (!done)
            return fail(done.error());
        left.push_back(std::move(*done));
    }
    const auto bits = bits_now(maps);
    if (!bits)
        return fail(bits.error());
    undo.keep(); // also of what root has gone past: it has the maps now
    if (auto ours = maps.confirm(); !ours)
        return ours;
    raise(maps, *bits);
    clean_up(maps, left);
    return {};
}

// --- everything at once ---

// The new bank as it is to be written.
struct Bank {
    Subjects subjects;
    Elements<page_key, page_record> pages;
    Elements<uint32_t, text_record> texts;   // of new ones
    Elements<uint32_t, text_record> renamed; // of those that stay: the same, written differently
};

class Builder {
public:
    Builder(RuleMaps &maps, const Rules &rules) : maps_(maps), rules_(rules) {
        Subjects taken;
        for (const Ruled &ruled : rules.ruled)
            taken.emplace_back(ruled.key, ruled.record);
        numbers_.emplace(taken, maps.shared()->next_set);
        for (const Ruled &ruled : rules.ruled)
            there_.emplace(hash(ruled.key), &ruled);
    }

    Result<Bank> build(const Policy &policy, uint32_t bank) {
        const auto sets = take_sets(maps_, policy.subjects.size());
        if (!sets)
            return fail(sets.error());
        next_ = *sets;
        for (const Subject &subject : policy.subjects) {
            auto record = record_for(subject);
            if (!record)
                return fail(record.error());
            subject_key key = subject.process.key;
            key.bank = bank;
            bank_.subjects.emplace_back(key, *record);
        }
        return std::move(bank_);
    }

private:
    static uint64_t hash(const subject_key &key) {
        return hash_words({key.id[0], key.id[1], key.cgroup, key.kind});
    }

    const Ruled *find(const subject_key &key) const {
        const auto [from, to] = there_.equal_range(hash(key));
        for (auto at = from; at != to; ++at)
            if (same_key(at->second->key, key))
                return at->second;
        return nullptr;
    }

    // One that stays keeps its number, and its set where that says the same.
    Result<subject_record> record_for(const Subject &subject) {
        const Ruled *was = find(subject.process.key);
        subject_record record{};
        record.flags =
            (subject.audit ? SUBJECT_AUDIT : 0U) | (subject.children ? SUBJECT_CHILDREN : 0U);
        if (was) {
            record.number = was->record.number;
            if (was->text != subject.process.text)
                bank_.renamed.emplace_back(record.number, record_of(subject.process.text));
        } else {
            const auto number = numbers_->take();
            if (!number)
                return fail(number.error());
            record.number = *number;
            bank_.texts.emplace_back(record.number, record_of(subject.process.text));
        }
        if (was && was->ports == subject.ports) {
            record.set = was->record.set;
        } else if (!subject.ports.empty()) {
            record.set = next_++;
            add_pages(bank_.pages, record.set, subject.ports);
        }
        return record;
    }

    RuleMaps &maps_;
    const Rules &rules_;
    std::unordered_multimap<uint64_t, const Ruled *> there_;
    std::optional<Numbers> numbers_;
    uint32_t next_ = 0;
    Bank bank_;
};

Result<void> write_bank(RuleMaps &maps, const Bank &bank, Undo &undo) {
    for (const auto &[number, text] : bank.texts) {
        const denial_record none{};
        if (bpf_map_update_elem(maps.map(denials_map).get(), &number, &none, BPF_ANY) != 0)
            return fail(system_error("write " + maps.path(denials_map), errno));
    }
    undo.add([&] { remove_all(maps.map(texts_map), keys_of(bank.texts)); });
    if (auto done = write_all(maps.map(texts_map), bank.texts, maps.path(texts_map)); !done)
        return done;
    undo.add([&] { remove_all(maps.map(ports_map), keys_of(bank.pages)); });
    if (auto done = write_all(maps.map(ports_map), bank.pages, maps.path(ports_map)); !done)
        return done;
    undo.add([&] { remove_all(maps.map(subjects_map), keys_of(bank.subjects)); });
    return write_all(maps.map(subjects_map), bank.subjects, maps.path(subjects_map));
}

} // namespace

Result<void> change(RuleMaps &maps, const std::vector<Change> &changes) {
    remove_old(maps);
    auto done = try_change(maps, changes);
    if (done || done.error().code != E2BIG)
        return done;
    if (auto collected = collect(maps); !collected)
        return collected;
    return try_change(maps, changes);
}

Result<void> set_audit(RuleMaps &maps, bool audit) {
    const uint64_t bits = maps.shared()->now & (POLICY_STEP - 1) & ~uint64_t{POLICY_AUDIT};
    raise(maps, bits | (audit ? POLICY_AUDIT : 0));
    return {};
}

Result<void> replace(RuleMaps &maps, const Policy &policy) {
    if (auto collected = collect(maps); !collected)
        return collected;
    const auto rules = maps.read();
    if (!rules)
        return fail(rules.error());
    const uint32_t bank = holding_bank(maps) ^ POLICY_BANK;
    const auto built = Builder(maps, *rules).build(policy, bank);
    if (!built)
        return fail(built.error());
    Undo undo;
    if (auto written = write_bank(maps, *built, undo); !written)
        return written;
    undo.keep();
    if (auto ours = maps.confirm(); !ours)
        return ours;
    raise(maps, bank | (policy.audit ? POLICY_AUDIT : 0) | kinds_of(built->subjects, bank));
    wait_for_programs();
    if (auto done = write_all(maps.map(texts_map), built->renamed, maps.path(texts_map)); !done)
        return done;
    return collect(maps); // the old bank, and what it alone had
}

} // namespace pinpipe::ctl
