#include "tools/ctl/port_set.h"

#include "lib/options.h"

#include <algorithm>

namespace pinpipe::ctl {
namespace {

constexpr unsigned page_words = PAGE_PORTS / 64;

// The bits of a range that are in word number word.
uint64_t mask_of(PortRange range, unsigned word) {
    const unsigned from = std::max<unsigned>(range.first, word * 64) % 64;
    const unsigned to = std::min<unsigned>(range.last, word * 64 + 63) % 64;
    return (~uint64_t{0} >> (63 - to)) & (~uint64_t{0} << from);
}

// Calls see(proto, word, mask) for each word that a rule touches, until it says false.
template <class See> bool each_word(const PortRule &rule, See see) {
    for (unsigned proto = 0; proto < rule_protos; proto++)
        for (unsigned word = rule.range.first / 64;
             (rule.protos >> proto & 1) && word <= rule.range.last / 64U; word++)
            if (!see(proto, word, mask_of(rule.range, word)))
                return false;
    return true;
}

Error wrong_range(const std::string &text) {
    return usage_error("'" + text + "' is no port: PORT[-PORT][/tcp|/udp|/both]");
}

Result<uint16_t> parse_port(const std::string &text) {
    const auto port = parse_number("a port", text, 1, 65535);
    if (!port)
        return fail(port.error());
    return static_cast<uint16_t>(*port);
}

} // namespace

Result<PortRule> parse_port_rule(const std::string &text) {
    const size_t slash = text.find('/');
    const std::string ports = text.substr(0, slash);
    const std::string proto = slash == text.npos ? "tcp" : text.substr(slash + 1);
    PortRule rule{};
    rule.protos = proto == "tcp"    ? 1U << RULE_TCP
                  : proto == "udp"  ? 1U << RULE_UDP
                  : proto == "both" ? 1U << RULE_TCP | 1U << RULE_UDP
                                    : 0;
    if (!rule.protos)
        return fail(usage_error("no protocol '" + proto + "': there are tcp, udp and both"));
    if (ports.empty() || ports.find_first_not_of("0123456789-") != ports.npos)
        return fail(wrong_range(text));
    const size_t dash = ports.find('-');
    const auto first = parse_port(ports.substr(0, dash));
    if (!first)
        return fail(first.error());
    const auto last = dash == ports.npos ? first : parse_port(ports.substr(dash + 1));
    if (!last)
        return fail(last.error());
    if (*last < *first)
        return fail(usage_error("'" + text + "': the range ends before it begins"));
    rule.range = {*first, *last};
    return rule;
}

std::string range_text(PortRange range) {
    return std::to_string(range.first) +
           (range.first == range.last ? "" : "-" + std::to_string(range.last));
}

std::string rule_text(const PortRule &rule) {
    const unsigned both = (1U << rule_protos) - 1;
    return range_text(rule.range) + "/" +
           (rule.protos == both ? "both" : proto_names[rule.protos >> RULE_UDP & 1]);
}

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
