// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_steps.h"

#include "lib/pins/iterator.h"
#include "tools/ctl/rule_scopes.h"
#include "tools/ctl/rule_sieve.h"

#include <algorithm>
#include <atomic>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <map>
#include <sys/syscall.h>
#include <unistd.h>

namespace pinpipe::ctl {

uint32_t holding_bank(const RuleMaps &maps) {
    return maps.shared()->now & POLICY_BANK;
}

void wait_for_programs() {
    // Programs run inside of RCU read-side sections: waits for those that have begun.
    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

uint64_t kinds_of(const Subjects &subjects, uint32_t bank) {
    uint64_t kinds = 0;
    for (const auto &[key, record] : subjects) {
        if (key.bank != bank)
            continue;
        kinds |= key.kind == SUBJECT_NAME ? POLICY_HAS_NAME : 0;
        kinds |= key.kind == SUBJECT_EXE ? POLICY_HAS_EXE : 0;
        kinds |= key.kind == SUBJECT_PID ? POLICY_HAS_PID : 0;
        kinds |= key.kind == SUBJECT_ANY ? POLICY_HAS_ANY : 0;
        kinds |= key.scope ? POLICY_HAS_CGROUP : 0;
        kinds |= key.user ? POLICY_HAS_USER : 0;
        kinds |= record.flags & SUBJECT_CHILDREN ? POLICY_HAS_CHILDREN : 0;
    }
    return kinds;
}

void raise_generation(RuleMaps &maps, uint64_t bits) {
    const std::atomic_ref<__u64> now(maps.shared()->now);
    now.store((now.load() & ~uint64_t{POLICY_STEP - 1}) + POLICY_STEP + bits);
}

Result<uint64_t> bits_now(RuleMaps &maps) {
    const auto subjects = maps.subjects();
    if (!subjects)
        return fail(subjects.error());
    return (maps.shared()->now & (POLICY_BANK | POLICY_AUDIT)) |
           kinds_of(*subjects, holding_bank(maps));
}

namespace {

// Where the kernel refuses the iterator, there is none to read.
Result<void> run_iterator(const std::string &path) {
    const Fd list(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!list.valid())
        return errno == ENOENT ? Result<void>() : fail(system_error("open " + path, errno));
    return read_to_end(list, "read " + path);
}

} // namespace

Result<void> make_known(RuleMaps &maps, uint64_t bits) {
    raise_generation(maps, bits);
    if (bits & POLICY_HAS_CHILDREN)
        if (auto found = run_iterator(maps.pins().path(find_kin_path)); !found)
            return found;
    return run_iterator(maps.pins().path(find_sockets_path));
}

void set_changing(RuleMaps &maps, bool changing) {
    std::atomic_ref<__u32>(maps.shared()->changing).store(changing);
}

Result<void> mend(RuleMaps &maps) {
    if (!std::atomic_ref<__u32>(maps.shared()->changing).load())
        return {};
    if (auto ours = maps.confirm(); !ours)
        return ours;
    if (auto bound = bind_scopes(maps); !bound)
        return bound;
    const auto bits = bits_now(maps);
    if (!bits)
        return fail(bits.error());
    if (auto known = make_known(maps, *bits); !known)
        return known;
    wait_for_programs();
    if (auto collected = collect(maps); !collected)
        return collected;
    set_changing(maps, false);
    return {};
}

Result<RuleMaps> open_to_change(const Pins &pins, const LockWait &wait) {
    auto maps = RuleMaps::open_to_write(pins, wait);
    if (!maps)
        return maps;
    const auto mended = mend(*maps);
    return mended ? std::move(maps) : fail(mended.error());
}

namespace {

// Whether the change that was seen is neither over nor has got on for as long as none takes.
bool stands_still(const RuleMaps &maps, const policy_record &seen) {
    constexpr timespec pause{0, 20'000'000};
    for (int round = 0; round < 50; round++) {
        nanosleep(&pause, nullptr);
        const auto now = maps.policy();
        if (!now || !now->changing || now->now != seen.now)
            return false;
    }
    return true;
}

} // namespace

Result<RuleMaps> open_to_show(const Pins &pins,
                              const std::function<void(const std::string &)> &say) {
    auto maps = RuleMaps::open_to_read(pins);
    if (!maps)
        return maps;
    const auto policy = maps->policy();
    if (!policy)
        return fail(policy.error());
    if (!policy->changing)
        return maps;
    LockWait at_once;
    at_once.most = 0;
    at_once.take_over = false;
    const auto mended = open_to_change(pins, at_once);
    if (!mended && mended.error().exit == Exit::not_permitted && stands_still(*maps, *policy))
        say("a change of rules was cut off, or takes long: what is shown may hold only in part "
            "until it is over, or the next change finishes it");
    return maps;
}

Result<uint32_t> take_sets(RuleMaps &maps, size_t count) {
    const std::atomic_ref<__u32> next(maps.shared()->next_set);
    const uint32_t first = std::max(next.load(), 1U);
    if (count > UINT32_MAX - first)
        return fail(failure("the numbers of port sets are used up")
                        .with_hint("sudo ebpf-load --unload   (then load again)"));
    next.store(first + static_cast<uint32_t>(count));
    return first;
}

SubjectNumbers::SubjectNumbers(const Subjects &subjects, uint32_t from)
    : next_(from % MAX_SUBJECTS) {
    for (const auto &[key, record] : subjects)
        taken_.insert(record.number);
}

Result<uint32_t> SubjectNumbers::take() {
    if (taken_.size() >= MAX_SUBJECTS)
        return fail(failure("there are " + std::to_string(MAX_SUBJECTS) +
                            " subjects, old and new ones together: no room for another"));
    while (!taken_.insert(next_).second)
        next_ = (next_ + 1) % MAX_SUBJECTS;
    return next_;
}

namespace {

Result<void> name_list(page_record &all, uint32_t list, uint32_t number) {
    __u32 *const free = std::find(all.lists, all.lists + PAGE_LISTS, 0U);
    if (free != all.lists + PAGE_LISTS) {
        *free = list;
        return {};
    }
    const unsigned first = number % PortSet::pages_of_side * PAGE_PORTS;
    return fail(failure("rules of one process for ports " + std::to_string(first) + " to " +
                        std::to_string(first + PAGE_PORTS - 1) + " have more than " +
                        std::to_string(PAGE_LISTS) + " different lists of remote ends"));
}

} // namespace

// A page of a list is found through the page of every remote end, which may have no port itself.
Result<void> add_pages(Pages &to, uint32_t set, const PortSet &ports,
                       const RemoteNumbers &numbers) {
    std::map<uint32_t, page_record> all; // by page_number()
    for (const auto &[place, page] : ports.pages()) {
        page_record record{};
        std::memcpy(record.ports, page.data(), sizeof record.ports);
        page_record &base = all[place.number];
        if (place.to.empty()) { // the first of this number, as pages are in order of lists
            base = record;
            continue;
        }
        const uint32_t list = numbers.at(place.to);
        if (auto named = name_list(base, list, place.number); !named)
            return named;
        to.emplace_back(PortSet::key_of(set, place.number, list), record);
    }
    for (const auto &[number, record] : all)
        to.emplace_back(PortSet::key_of(set, number), record);
    return {};
}

text_record record_of(const std::string &text) {
    text_record record{};
    text.copy(record.text, sizeof record.text - 1);
    return record;
}

Result<void> reset_denials(RuleMaps &maps, uint32_t number) {
    const denial_record none{};
    if (bpf_map_update_elem(maps.map(denials_map).get(), &number, &none, BPF_ANY) != 0)
        return fail(system_error("write " + maps.path(denials_map), errno));
    return {};
}

Result<void> remove_hits(RuleMaps &maps, const std::function<bool(const hit_key &)> &which) {
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
    std::unordered_set<uint64_t> scopes;
    std::vector<subject_key> no_subjects;
    Subjects holding;
    for (const auto &[key, record] : *subjects) {
        if (key.bank != holding_bank(maps)) {
            no_subjects.push_back(key);
            continue;
        }
        holding.emplace_back(key, record);
        sets.insert(record.set);
        numbers.insert(record.number);
        scopes.insert(key.scope);
    }
    remove_all(maps.map(subjects_map), no_subjects);
    set_sieve(maps, holding);
    std::vector<page_key> no_pages;
    std::unordered_set<uint32_t> lists;
    for (const auto &[key, record] : *pages) {
        if (!sets.contains(key.set))
            no_pages.push_back(key);
        else
            lists.insert(key.list);
    }
    remove_all(maps.map(ports_map), no_pages);
    std::vector<uint32_t> no_texts;
    for (const auto &[number, text] : *texts)
        if (!numbers.contains(number))
            no_texts.push_back(number);
    remove_all(maps.map(texts_map), no_texts);
    std::atomic_ref<__u32>(maps.shared()->old).store(0);
    if (auto dropped = drop_scopes(maps, scopes); !dropped)
        return dropped;
    if (auto dropped = drop_remotes(maps, lists); !dropped)
        return dropped;
    return remove_hits(maps, [&](const hit_key &hit) { return !numbers.contains(hit.number); });
}

} // namespace pinpipe::ctl
