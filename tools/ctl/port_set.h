// Ports as rules name them, and a set of them as the kernel keeps it.
#pragma once

#include "bpf/rules.h"
#include "lib/error.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pinpipe::ctl {

struct PortRange {
    uint16_t first, last; // both included; never 0
};

inline constexpr unsigned rule_protos = 2; // enum rule_proto
inline constexpr const char *proto_names[rule_protos] = {"tcp", "udp"};

// "8080-8090/tcp": a bit for each protocol.
struct PortRule {
    PortRange range;
    unsigned protos;
};

// PORT[-PORT][/tcp|/udp|/both]; tcp where none is said. An error is a usage error.
Result<PortRule> parse_port_rule(const std::string &text);

std::string range_text(PortRange range); // "8080-8090", "53"
std::string rule_text(const PortRule &rule);

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

    // Merged, in order.
    std::vector<PortRange> ranges(unsigned proto) const;

    // By protocol and page number, as one. None is all zero.
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
