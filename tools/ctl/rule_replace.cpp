// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_replace.h"

#include "lib/base/hash.h"
#include "lib/base/undo.h"
#include "tools/ctl/rule_steps.h"

namespace pinpipe::ctl {
namespace {

// What is to be written for the new bank.
struct Bank {
    Subjects subjects;
    Pages pages;
    Elements<uint32_t, text_record> texts;   // of new subjects
    Elements<uint32_t, text_record> renamed; // of subjects that stay, but are written differently
};

// Makes the new bank from the policy and from the rules that hold.
class Builder {
public:
    Builder(RuleMaps &maps, const Rules &rules) : maps_(maps) {
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

    // A subject that stays keeps its number, and its port set if the ports are the same.
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
    std::unordered_multimap<uint64_t, const Ruled *> there_; // by hash()
    std::optional<SubjectNumbers> numbers_;
    uint32_t next_ = 0; // port set
    Bank bank_;
};

Result<void> write_bank(RuleMaps &maps, const Bank &bank, Undo &undo) {
    for (const auto &[number, text] : bank.texts)
        if (auto reset = reset_denials(maps, number); !reset)
            return reset;
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
    raise_generation(maps,
                     bank | (policy.audit ? POLICY_AUDIT : 0) | kinds_of(built->subjects, bank));
    wait_for_programs();
    if (auto done = write_all(maps.map(texts_map), built->renamed, maps.path(texts_map)); !done)
        return done;
    return collect(maps); // the old bank, and what only it referred to
}

} // namespace pinpipe::ctl
