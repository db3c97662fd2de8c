// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_sieve.h"

#include <atomic>
#include <vector>

namespace pinpipe::ctl {
namespace {

std::atomic_ref<__u64> sieve_word(RuleMaps &maps, uint32_t bit) {
    return std::atomic_ref<__u64>(maps.sieve()->bits[bit / 64]);
}

void add_bits(RuleMaps &maps, const Elements<subject_key, subject_record> &subjects) {
    for (const auto &[key, record] : subjects) {
        const uint32_t bit = sieve_bit(key.kind, key.id);
        sieve_word(maps, bit).fetch_or(uint64_t{1} << bit % 64);
    }
}

} // namespace

void set_sieve(RuleMaps &maps, const Elements<subject_key, subject_record> &subjects) {
    std::vector<__u64> words(SIEVE_BITS / 64);
    for (const auto &[key, record] : subjects) {
        const uint32_t bit = sieve_bit(key.kind, key.id);
        words[bit / 64] |= uint64_t{1} << bit % 64;
    }
    for (uint32_t word = 0; word < words.size(); word++)
        sieve_word(maps, word * 64).store(words[word]);
    std::atomic_ref<__u32>(maps.sieve()->complete).store(1);
}

Result<void> add_to_sieve(RuleMaps &maps, const Elements<subject_key, subject_record> &subjects) {
    if (!std::atomic_ref<__u32>(maps.sieve()->complete).load()) {
        const auto all = maps.subjects();
        if (!all)
            return fail(all.error());
        set_sieve(maps, *all);
    }
    add_bits(maps, subjects);
    return {};
}

} // namespace pinpipe::ctl
