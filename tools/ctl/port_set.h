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
    bool has(unsigned proto, uint16_t port) const;
    bool empty() const { return pages_.empty(); }
    bool operator==(const PortSet &) const = default;

    // In order; neighbouring ports are one range.
    std::vector<PortRange> ranges(unsigned proto) const;

    // By page_number(). No page is empty.
    const std::map<uint32_t, Page> &pages() const { return pages_; }
    static uint32_t page_number(unsigned proto, unsigned page) {
        return proto * pages_of_proto + page;
    }
    static page_key key_of(uint32_t set, uint32_t number);
    void set_page(uint32_t number, const Page &page);

    static constexpr unsigned pages_of_proto = 65536 / PAGE_PORTS;
    static constexpr unsigned all_pages = rule_protos * pages_of_proto;

private:
    uint64_t word(unsigned proto, unsigned word) const;
    std::map<uint32_t, Page> pages_;
};

static_assert(sizeof(PortSet::Page) == sizeof(page_record));

} // namespace pinpipe::ctl
