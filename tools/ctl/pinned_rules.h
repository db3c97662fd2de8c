// SPDX-License-Identifier: MIT
// The kernel's maps of the rules (bpf/rules.h): opening, looking.
#pragma once

#include "lib/pins/admin_maps.h"
#include "tools/ctl/policy.h"
#include "tools/ctl/write_all.h"

#include <optional>
#include <unordered_map>

namespace pinpipe::ctl {

// A subject as the maps have it.
struct Ruled {
    subject_key key;
    subject_record record;
    std::string text;
    PortSet ports;
    bool audit() const { return record.flags & SUBJECT_AUDIT; }
    bool children() const { return record.flags & SUBJECT_CHILDREN; }
};

struct Rules {
    uint64_t now = 0; // POLICY_*
    std::vector<Ruled> ruled;
    bool audit() const { return now & POLICY_AUDIT; }
};

class RuleMaps {
public:
    // To look: by the admin group's pins where we may, else by the read group's.
    static Result<RuleMaps> open_to_read(const Pins &pins);
    // To change: nobody else does meanwhile. Waits for whoever is at it.
    static Result<RuleMaps> open_to_write(const Pins &pins, const LockWait &wait = {});
    // Before a change comes to hold: as AdminLock.
    Result<void> confirm() const { return maps_.confirm(); }

    const Fd &map(const MapSpec &spec) const { return maps_.map(spec); }
    std::string path(const MapSpec &spec) const { return maps_.path(spec); }

    Result<policy_record> policy() const;
    policy_record *shared() const { return policy_.as<policy_record>(); } // to change

    // All of the bank that holds, in one state: what is changed meanwhile is read again.
    Result<Rules> read() const;

    // A subject of the bank that holds, by its key in whatever bank.
    Result<std::optional<subject_record>> find(subject_key key) const;

    // Of both banks.
    Result<Elements<subject_key, subject_record>> subjects() const;
    Result<std::unordered_map<uint32_t, std::string>> texts() const; // by number
    Result<PortSet> ports(uint32_t set) const;
    Result<Elements<page_key, page_record>> pages() const;
    Result<Elements<hit_key, hit_record>> hits() const;
    Result<denial_record> denials(uint32_t number) const;

private:
    Result<Rules> read_once() const;

    AdminMaps maps_;
    Mapping policy_;
};

} // namespace pinpipe::ctl
