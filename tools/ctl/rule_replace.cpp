// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_replace.h"

#include "lib/base/hash.h"
#include "lib/base/undo.h"
#include "tools/ctl/rule_scopes.h"
#include "tools/ctl/rule_sieve.h"
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
    Builder(RuleMaps &maps, const Rules &rules, Undo &undo) : maps_(maps), undo_(undo) {
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
            const auto scope = scope_of(subject.cgroup.path);
            if (!scope)
                return fail(scope.error());
            subject_key key = subject.process.key;
            key.scope = *scope;
            key.bank = static_cast<__u16>(bank);
            auto record = record_for(subject, key);
            if (!record)
                return fail(record.error());
            bank_.subjects.emplace_back(key, *record);
        }
        return std::move(bank_);
    }

private:
    static uint64_t hash(const subject_key &key) {
        return hash_words({key.id[0], key.id[1], key.scope, key.kind, key.user});
    }

    const Ruled *find(const subject_key &key) const {
        const auto [from, to] = there_.equal_range(hash(key));
        for (auto at = from; at != to; ++at)
            if (same_process(at->second->key, key) && at->second->key.scope == key.scope &&
                at->second->key.user == key.user)
                return at->second;
        return nullptr;
    }

    Result<uint64_t> scope_of(const std::string &path) {
        const auto [known, fresh] = scopes_.try_emplace(path, 0);
        if (!fresh)
            return known->second;
        auto scope = take_scope(maps_, path, undo_);
        if (scope)
            known->second = *scope;
        return scope;
    }

    // A subject that stays keeps its number, and its port set if the ports are the same.
    Result<subject_record> record_for(const Subject &subject, const subject_key &key) {
        const Ruled *was = find(key);
        subject_record record{};
        record.flags = subject.flags();
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
            if (auto taken = take_remotes(maps_, subject.ports, remotes_, undo_); !taken)
                return fail(taken.error());
            if (auto added = add_pages(bank_.pages, record.set, subject.ports, remotes_); !added)
                return fail(added.error());
        }
        return record;
    }

    RuleMaps &maps_;
    Undo &undo_;
    std::unordered_map<std::string, uint64_t> scopes_;
    RemoteNumbers remotes_;
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
    if (auto sieved = add_to_sieve(maps, bank.subjects); !sieved)
        return sieved;
    undo.add([&] { remove_all(maps.map(subjects_map), keys_of(bank.subjects)); });
    return write_all(maps.map(subjects_map), bank.subjects, maps.path(subjects_map));
}

Result<void> make_it_hold(RuleMaps &maps, const Bank &bank, uint64_t bits) {
    if (auto known = make_known(maps, bits); !known)
        return known;
    wait_for_programs();
    if (auto done = write_all(maps.map(texts_map), bank.renamed, maps.path(texts_map)); !done)
        return done;
    return collect(maps); // the old bank, and what only it referred to
}

} // namespace

Result<void> replace(RuleMaps &maps, const Policy &policy) {
    if (auto mended = mend(maps); !mended)
        return mended;
    set_changing(maps, true);
    if (auto collected = collect(maps); !collected)
        return collected;
    const auto rules = maps.read();
    if (!rules)
        return fail(rules.error());
    const uint32_t bank = holding_bank(maps) ^ POLICY_BANK;
    Result<Bank> built;
    {
        Undo undo;
        undo.add([&] { set_changing(maps, false); });
        built = Builder(maps, *rules, undo).build(policy, bank);
        auto written = built ? write_bank(maps, *built, undo) : fail(built.error());
        if (written)
            written = bind_scopes(maps);
        if (!written)
            return written;
        undo.keep();
    }
    if (auto ours = maps.confirm(); !ours)
        return ours;
    const uint64_t bits =
        bank | (policy.audit ? POLICY_AUDIT : 0) | kinds_of(built->subjects, bank);
    auto done = make_it_hold(maps, *built, bits);
    if (done)
        set_changing(maps, false);
    return done;
}

} // namespace pinpipe::ctl
