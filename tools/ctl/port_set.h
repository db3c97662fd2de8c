// SPDX-License-Identifier: MIT
// A set of ports as the kernel keeps it: bitmaps, in pages.
#pragma once

#include "lib/rules/port_rule.h"

#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace pinpipe::ctl {

class PortSet {
public:
    using Page = std::array<uint64_t, PAGE_PORTS / 64>; // as page_record

    void add(const PortRule &rule);
    void remove(const PortRule &rule);
    void add(const PortSet &other);

    bool has_all(const PortRule &rule) const;
    bool has_any(const PortRule &rule) const;
    bool has(unsigned proto, unsigned side, uint16_t port) const;
    bool empty() const { return pages_.empty(); }
    bool operator==(const PortSet &) const = default;

    // The ports of one protocol, in order, each in one rule: neighbouring ports on the same sides
    // are one range.
    std::vector<PortRule> rules(unsigned proto) const;

    // By page_number(). No page is empty.
    const std::map<uint32_t, Page> &pages() const { return pages_; }
    static uint32_t page_number(unsigned proto, unsigned side, unsigned page) {
        return (proto * rule_sides + side) * pages_of_side + page;
    }
    static page_key key_of(uint32_t set, uint32_t number);
    void set_page(uint32_t number, const Page &page);

    static constexpr unsigned pages_of_side = 65536 / PAGE_PORTS;
    static constexpr unsigned all_pages = rule_protos * rule_sides * pages_of_side;

private:
    uint64_t word(unsigned proto, unsigned side, unsigned word) const;
    std::map<uint32_t, Page> pages_;
};

static_assert(sizeof(PortSet::Page) == sizeof(page_record));

} // namespace pinpipe::ctl
