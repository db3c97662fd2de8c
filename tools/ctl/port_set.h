// SPDX-License-Identifier: MIT
// A set of ports as the kernel keeps it: bitmaps, in pages, for each list of remote ends.
#pragma once

#include "lib/rules/port_rule.h"

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pinpipe::ctl {

class PortSet {
public:
    using Page = std::array<uint64_t, PAGE_PORTS / 64>; // as page_record

    void add(const PortRule &rule);
    void remove(const PortRule &rule);
    void add(const PortSet &other);

    // With the rule's list of remote ends, and no other.
    bool has_all(const PortRule &rule) const;
    bool has_any(const PortRule &rule) const;
    // With that list.
    bool has(unsigned proto, unsigned side, uint16_t port, const std::string &to) const;
    bool empty() const { return pages_.empty(); }
    bool operator==(const PortSet &) const = default;

    // The lists of remote ends that ports have, in order.
    std::set<std::string> lists() const;

    // The ports of one protocol, in order, each in one rule: neighbouring ports on the same sides
    // with the same list are one range.
    std::vector<PortRule> rules(unsigned proto) const;

    struct Place {
        std::string to;  // a list of remote ends; empty: all
        uint32_t number; // page_number()
        // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the comparison for a pointer
        auto operator<=>(const Place &) const = default;
    };
    // No page is empty.
    const std::map<Place, Page> &pages() const { return pages_; }
    static uint32_t page_number(unsigned proto, unsigned side, unsigned page) {
        return (proto * rule_sides + side) * pages_of_side + page;
    }
    static page_key key_of(uint32_t set, uint32_t number, uint32_t list = 0);
    void set_page(const Place &place, const Page &page);

    static constexpr unsigned pages_of_side = 65536 / PAGE_PORTS;
    static constexpr unsigned all_pages = rule_protos * rule_sides * pages_of_side;

private:
    uint64_t word(const std::string &to, unsigned proto, unsigned side, unsigned word) const;
    void add_rules(std::vector<PortRule> &rules, unsigned proto, const std::string &to) const;
    std::map<Place, Page> pages_;
};

static_assert(sizeof(PortSet::Page) == sizeof(page_record::ports));

} // namespace pinpipe::ctl
