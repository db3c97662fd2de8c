// SPDX-License-Identifier: MIT
#include "tools/ctl/port_set.h"

#include <algorithm>

namespace pinpipe::ctl {
namespace {

constexpr unsigned page_words = PAGE_PORTS / 64;

// The bits that a range has in a word of the bitmap.
uint64_t mask_of(PortRange range, unsigned word) {
    const unsigned from = std::max<unsigned>(range.first, word * 64) % 64;
    const unsigned to = std::min<unsigned>(range.last, word * 64 + 63) % 64;
    return (~uint64_t{0} >> (63 - to)) & (~uint64_t{0} << from);
}

// Calls see(proto, word, mask) for each word that a rule has bits in, until it returns false.
template <class See> bool each_word(const PortRule &rule, See see) {
    for (unsigned proto = 0; proto < rule_protos; proto++)
        for (unsigned word = rule.range.first / 64;
             (rule.protos >> proto & 1) && word <= rule.range.last / 64U; word++)
            if (!see(proto, word, mask_of(rule.range, word)))
                return false;
    return true;
}

} // namespace

uint64_t PortSet::word(unsigned proto, unsigned word) const {
    const auto page = pages_.find(page_number(proto, word / page_words));
    return page == pages_.end() ? 0 : page->second[word % page_words];
}

void PortSet::add(const PortRule &rule) {
    each_word(rule, [&](unsigned proto, unsigned word, uint64_t mask) {
        pages_[page_number(proto, word / page_words)][word % page_words] |= mask;
        return true;
    });
}

void PortSet::remove(const PortRule &rule) {
    each_word(rule, [&](unsigned proto, unsigned word, uint64_t mask) {
        const auto page = pages_.find(page_number(proto, word / page_words));
        if (page == pages_.end())
            return true;
        page->second[word % page_words] &= ~mask;
        if (page->second == Page{})
            pages_.erase(page);
        return true;
    });
}

void PortSet::add(const PortSet &other) {
    for (const auto &[number, page] : other.pages_)
        for (unsigned word = 0; word < page_words; word++)
            pages_[number][word] |= page[word];
}

bool PortSet::has_all(const PortRule &rule) const {
    return each_word(rule, [&](unsigned proto, unsigned at, uint64_t mask) {
        return (word(proto, at) & mask) == mask;
    });
}

bool PortSet::has_any(const PortRule &rule) const {
    return !each_word(rule, [&](unsigned proto, unsigned at, uint64_t mask) {
        return (word(proto, at) & mask) == 0;
    });
}

bool PortSet::has(unsigned proto, uint16_t port) const {
    return word(proto, port / 64) >> (port % 64) & 1;
}

std::vector<PortRange> PortSet::ranges(unsigned proto) const {
    std::vector<PortRange> ranges;
    for (const auto &[number, page] : pages_) {
        if (number / pages_of_proto != proto)
            continue;
        for (unsigned bit = 0; bit < PAGE_PORTS; bit++) {
            const unsigned port = number % pages_of_proto * PAGE_PORTS + bit;
            if (!(page[bit / 64] >> (bit % 64) & 1))
                continue;
            if (!ranges.empty() && ranges.back().last + 1U == port)
                ranges.back().last = static_cast<uint16_t>(port);
            else
                ranges.push_back({static_cast<uint16_t>(port), static_cast<uint16_t>(port)});
        }
    }
    return ranges;
}

page_key PortSet::key_of(uint32_t set, uint32_t number) {
    page_key key{};
    key.set = set;
    key.page = static_cast<__u16>(number % pages_of_proto);
    key.proto = static_cast<__u8>(number / pages_of_proto);
    return key;
}

void PortSet::set_page(uint32_t number, const Page &page) {
    if (page != Page{})
        pages_[number] = page;
}

} // namespace pinpipe::ctl
