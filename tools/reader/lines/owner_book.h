// SPDX-License-Identifier: MIT
// Who has which port, as far as it is known: from events as they come, from looks at all sockets,
// and from what was moved.
#pragma once

#include "bpf/abi/watches.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pinpipe {

struct PortPlace {
    uint32_t netns; // inode in nsfs
    uint32_t index; // enum rule_proto << 16 | port
    bool operator<(const PortPlace &o) const {
        return netns != o.netns ? netns < o.netns : index < o.index;
    }
};

struct PortOwner {
    uint64_t start = 0; // nanoseconds of CLOCK_BOOTTIME
    uint32_t pid = 0;
    uint32_t uid = 0;
    std::string comm;     // any bytes
    bool exact = false;   // seen in a call of its own; else found with it
    bool bound = false;   // it has, or had, a socket that waits there; else it only used the port
    bool holds = false;   // it has it now
    bool counted = false; // bytes are known
    uint64_t bytes_sent = 0, bytes_received = 0; // since the line before, or in all
};

class OwnerBook {
public:
    // bind() or listen(), in the call. Closing shows at the next look.
    void note(const bind_record &record);

    // All that is bound now. Who is not among it has his port no more.
    void look(const std::vector<bind_record> &all);

    // What a process moved since the line before, or in all.
    void use(const port_user &user, const port_usage &sum);

    // Who has it, or had it since forget().
    const std::vector<PortOwner> &owners(const PortPlace &place) const;

    // Ports whose owners are others than those that were told.
    std::vector<PortPlace> changed() const;

    // All has been told: who has gone is forgotten, and sums begin anew.
    void forget();

private:
    struct Entry {
        std::vector<PortOwner> owners;
        bool changed = false;
    };
    PortOwner &find(Entry &entry, uint32_t pid, uint64_t start);
    PortOwner *bind(const bind_record &record);

    std::map<PortPlace, Entry> ports_;
};

} // namespace pinpipe
