// SPDX-License-Identifier: MIT
// The pinned maps of the rules (bpf/abi/rules.h): opening and reading them.
#pragma once

#include "lib/pins/admin_maps.h"
#include "tools/ctl/cgroup_paths.h"
#include "tools/ctl/policy.h"
#include "tools/ctl/write_all.h"

#include <optional>
#include <unordered_map>

namespace pinpipe::ctl {

// A subject with its text and ports, as read from the maps.
struct Ruled {
    subject_key key;
    subject_record record;
    std::string text;
    Cgroup cgroup;
    PortSet ports;
    bool audit() const { return record.flags & SUBJECT_AUDIT; }
    bool children() const { return record.flags & SUBJECT_CHILDREN; }
    bool none() const { return record.flags & SUBJECT_NONE; }
    bool icmp() const { return record.flags & SUBJECT_ICMP; }
};

struct Rules {
    uint64_t now = 0; // POLICY_*
    std::vector<Ruled> ruled;
    bool audit() const { return now & POLICY_AUDIT; }
};

class RuleMaps {
public:
    // To read: through the pins of the admin group if they may be opened, else of the read group.
    static Result<RuleMaps> open_to_read(const Pins &pins);
    // To change: takes the lock, and waits for others that have it.
    static Result<RuleMaps> open_to_write(const Pins &pins, const LockWait &wait = {});
    // To be called before a change begins to hold: see AdminLock.
    Result<void> confirm() const { return maps_.confirm(); }

    const Pins &pins() const { return *pins_; }
    const Fd &map(const MapSpec &spec) const { return maps_.map(spec); }
    std::string path(const MapSpec &spec) const { return maps_.path(spec); }

    Result<policy_record> policy() const;
    policy_record *shared() const { return policy_.as<policy_record>(); } // to be changed
    sieve_record *sieve() const { return sieve_.as<sieve_record>(); }     // to be changed

    // All rules of the bank that holds, at one moment: reads again if they change meanwhile.
    Result<Rules> read() const;

    // Cgroups that rules are limited to, by their numbers.
    Result<std::unordered_map<uint64_t, Cgroup>> scopes() const;
    // The number of a cgroup's path; 0 for an empty one; nothing: no rule is limited to it.
    Result<std::optional<uint64_t>> scope(const std::string &path) const;

    // Lists of remote ends, by their numbers; 0 is every remote end.
    Result<std::unordered_map<uint32_t, std::string>> remotes() const;

    // A subject of the bank that holds; the bank in key is ignored.
    Result<std::optional<subject_record>> find(subject_key key) const;

    // The subjects of both banks.
    Result<Elements<subject_key, subject_record>> subjects() const;
    Result<std::unordered_map<uint32_t, std::string>> texts() const; // by number
    Result<PortSet> ports(uint32_t set) const;
    Result<Elements<page_key, page_record>> pages() const;
    Result<Elements<hit_key, hit_record>> hits() const;
    Result<denial_record> denials(uint32_t number) const;

private:
    Result<Rules> read_once() const;
    Result<std::optional<page_record>> page(const page_key &key) const;

    AdminMaps maps_;
    Mapping policy_, sieve_;   // after open_to_write()
    std::optional<Pins> pins_; // always there once open
};

scope_key scope_key_of(const std::string &path);
remote_key remote_key_of(const std::string &list);

} // namespace pinpipe::ctl
