// SPDX-License-Identifier: MIT
#include "tools/ctl/port_set.h"

#include <algorithm>
#include <bit>

namespace pinpipe::ctl {
namespace {

constexpr unsigned page_words = PAGE_PORTS / 64;

// The bits that a range has in a word of the bitmap.
uint64_t mask_of(PortRange range, unsigned word) {
    const unsigned from = std::max<unsigned>(range.first, word * 64) % 64;
    const unsigned to = std::min<unsigned>(range.last, word * 64 + 63) % 64;
    return (~uint64_t{0} >> (63 - to)) & (~uint64_t{0} << from);
}

// Calls see(proto, side, word, mask) for each word that a rule has bits in, until it returns false.
template <class See> bool each_word(const PortRule &rule, See see) {
    for (unsigned part = 0; part < rule_protos * rule_sides; part++) {
        const unsigned proto = part / rule_sides, side = part % rule_sides;
        if (!(rule.protos >> proto & 1) || !(rule.sides >> side & 1))
            continue;
        for (unsigned word = rule.range.first / 64; word <= rule.range.last / 64U; word++)
            if (!see(proto, side, word, mask_of(rule.range, word)))
                return false;
    }
    return true;
}

} // namespace

uint64_t PortSet::word(const std::string &to, unsigned proto, unsigned side, unsigned word) const {
    const auto page = pages_.find({to, page_number(proto, side, word / page_words)});
    return page == pages_.end() ? 0 : page->second[word % page_words];
}

void PortSet::add(const PortRule &rule) {
    each_word(rule, [&](unsigned proto, unsigned side, unsigned word, uint64_t mask) {
        pages_[{rule.to, page_number(proto, side, word / page_words)}][word % page_words] |= mask;
        return true;
    });
}

void PortSet::remove(const PortRule &rule) {
    each_word(rule, [&](unsigned proto, unsigned side, unsigned word, uint64_t mask) {
        const auto page = pages_.find({rule.to, page_number(proto, side, word / page_words)});
        if (page == pages_.end())
            return true;
        page->second[word % page_words] &= ~mask;
        if (page->second == Page{})
            pages_.erase(page);
        return true;
    });
}

void PortSet::add(const PortSet &other) {
    for (const auto &[place, page] : other.pages_)
        for (unsigned word = 0; word < page_words; word++)
            pages_[place][word] |= page[word];
}

bool PortSet::has_all(const PortRule &rule) const {
    return each_word(rule, [&](unsigned proto, unsigned side, unsigned at, uint64_t mask) {
        return (word(rule.to, proto, side, at) & mask) == mask;
    });
}

bool PortSet::has_any(const PortRule &rule) const {
    return !each_word(rule, [&](unsigned proto, unsigned side, unsigned at, uint64_t mask) {
        return (word(rule.to, proto, side, at) & mask) == 0;
    });
}

bool PortSet::has(unsigned proto, unsigned side, uint16_t port, const std::string &to) const {
    return word(to, proto, side, port / 64) >> (port % 64) & 1;
}

std::set<std::string> PortSet::lists() const {
    std::set<std::string> lists;
    for (const auto &[place, page] : pages_)
        lists.insert(place.to);
    return lists;
}

// Appends the rules of a list.
void PortSet::add_rules(std::vector<PortRule> &rules, unsigned proto, const std::string &to) const {
    for (unsigned word_number = 0; word_number < 65536 / 64; word_number++) {
        uint64_t words[rule_sides], any = 0;
        for (unsigned side = 0; side < rule_sides; side++)
            any |= words[side] = word(to, proto, side, word_number);
        for (; any; any &= any - 1) {
            const auto bit = static_cast<unsigned>(std::countr_zero(any));
            const auto port = static_cast<uint16_t>(word_number * 64 + bit);
            unsigned sides = 0;
            for (unsigned side = 0; side < rule_sides; side++)
                sides |= static_cast<unsigned>(words[side] >> bit & 1) << side;
            if (!rules.empty() && rules.back().range.last + 1U == port &&
                rules.back().sides == sides && rules.back().to == to)
                rules.back().range.last = port;
            else
                rules.push_back({{port, port}, 1U << proto, sides, to});
        }
    }
}

std::vector<PortRule> PortSet::rules(unsigned proto) const {
    std::vector<PortRule> rules;
    for (const std::string &to : lists())
        add_rules(rules, proto, to);
    std::stable_sort(rules.begin(), rules.end(), [](const PortRule &a, const PortRule &b) {
        return a.range.first < b.range.first;
    });
    return rules;
}

page_key PortSet::key_of(uint32_t set, uint32_t number, uint32_t list) {
    page_key key{};
    key.set = set;
    key.page = static_cast<__u16>(number % pages_of_side);
    key.side = static_cast<__u8>(number / pages_of_side % rule_sides);
    key.proto = static_cast<__u8>(number / pages_of_side / rule_sides);
    key.list = list;
    return key;
}

void PortSet::set_page(const Place &place, const Page &page) {
    if (page != Page{})
        pages_[place] = page;
}

} // namespace pinpipe::ctl
