// SPDX-License-Identifier: MIT
// Changes of the rules in maps of the test's own, and what the maps hold after them.
#pragma once

#include "tests/unit/support/rules.h"
#include "tools/ctl/rule_edit.h"
#include "tools/ctl/rule_replace.h"

#include <set>

namespace pinpipe::ctl {

class RulesEdit : public RulesTest {
protected:
    static Change to(const std::string &process, const std::vector<std::string> &ports,
                     uint32_t flags = 0) {
        return {find_process(process)->key, Change::After{ports_of(ports), flags}, process};
    }
    static Change gone(const std::string &process) {
        return {find_process(process)->key, {}, process};
    }
    Result<void> edit(const std::vector<Change> &changes) const {
        auto maps = writer();
        return change(maps, changes);
    }
    Result<void> apply(const std::string &file) const {
        auto maps = writer();
        return replace(maps, *parse_policy(file));
    }
    std::string ports(const std::string &process) const {
        return text_of(*reader().ports(subject(process).set));
    }
    std::set<uint32_t> sets() const {
        std::set<uint32_t> sets;
        const auto pages = *reader().pages();
        for (const auto &[key, record] : pages)
            sets.insert(key.set);
        return sets;
    }
    uint64_t generation() const { return policy().now / POLICY_STEP; }
    uint64_t bits() const { return policy().now % POLICY_STEP; }
};

// A policy whose subjects have all ports: PortSet::all_pages pages each.
inline std::string everything(unsigned subjects) {
    std::string file;
    for (unsigned number = 0; number < subjects; number++)
        file += "allow 1-65535/both s" + std::to_string(number) + "\n";
    return file;
}

inline constexpr unsigned subjects_that_fit = MAX_PAGES / PortSet::all_pages;

} // namespace pinpipe::ctl
