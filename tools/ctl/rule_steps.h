// SPDX-License-Identifier: MIT
// The steps that rule_edit and rule_replace share. bpf/abi/rules.h says in which order programs
// allow them. The maps must have been opened to write.
#pragma once

#include "tools/ctl/pinned_rules.h"
#include "tools/ctl/rule_remotes.h"

#include <functional>
#include <unordered_set>

namespace pinpipe::ctl {

using Subjects = Elements<subject_key, subject_record>;
using Pages = Elements<page_key, page_record>;

// The bank of subjects that holds: 0 or 1.
uint32_t holding_bank(const RuleMaps &maps);

// The POLICY_HAS_* bits that the subjects of a bank call for.
uint64_t kinds_of(const Subjects &subjects, uint32_t bank);

// Begins the next generation of the policy, with these POLICY_* bits: what was written before holds
// from now on.
void raise_generation(RuleMaps &maps, uint64_t bits);

// The POLICY_* bits for what the maps hold now.
Result<uint64_t> bits_now(RuleMaps &maps);

// Begins the next generation, then has the kernel look at running processes and open sockets: when
// this returns, what was written before holds for them too.
Result<void> make_known(RuleMaps &maps, uint64_t bits);

// Opens the maps to be changed, and finishes what a change began that was cut off.
Result<RuleMaps> open_to_change(const Pins &pins, const LockWait &wait = {});

// Opens the maps to be read. Finishes a change that was cut off, if this process may; else calls
// say with a remark.
Result<RuleMaps> open_to_show(const Pins &pins,
                              const std::function<void(const std::string &)> &say);

// Finishes a change that was cut off, if there is one: what the maps say holds afterwards.
Result<void> mend(RuleMaps &maps);

// Whether a change is under way, for whoever finds that it was cut off.
void set_changing(RuleMaps &maps, bool changing);

// Waits until no program uses what it read before this call: a grace period of RCU.
void wait_for_programs();

// Takes count numbers in a row for new port sets and returns the first. No number is used twice;
// fails when they are used up.
Result<uint32_t> take_sets(RuleMaps &maps, size_t count);

// Numbers for new subjects. The search goes round, so that a number which has become free is not
// taken again at once.
class SubjectNumbers {
public:
    // subjects: those whose numbers are taken. from: where the search begins.
    SubjectNumbers(const Subjects &subjects, uint32_t from);
    Result<uint32_t> take(); // fails when MAX_SUBJECTS are taken

private:
    std::unordered_set<uint32_t> taken_;
    uint32_t next_;
};

// Appends the pages of a port set, whose lists of remote ends must have numbers. Fails where more
// than PAGE_LISTS lists have ports of one page.
Result<void> add_pages(Pages &to, uint32_t set, const PortSet &ports, const RemoteNumbers &numbers);

// Cut to SUBJECT_TEXT - 1 bytes.
text_record record_of(const std::string &text);

template <class K, class V> std::vector<K> keys_of(const Elements<K, V> &elements) {
    std::vector<K> keys;
    for (const auto &[key, value] : elements)
        keys.push_back(key);
    return keys;
}

// Sets the denial counters of a subject to zero.
Result<void> reset_denials(RuleMaps &maps, uint32_t number);

// Removes the hit counters that which() picks.
Result<void> remove_hits(RuleMaps &maps, const std::function<bool(const hit_key &)> &which);

// Removes what no subject of the holding bank refers to: a change that was killed leaves such
// subjects, pages, texts, cgroups, lists and counters behind.
Result<void> collect(RuleMaps &maps);

} // namespace pinpipe::ctl
