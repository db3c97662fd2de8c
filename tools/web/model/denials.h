// SPDX-License-Identifier: MIT
// What the policy denied, or would have denied (audit), in groups of like denials.
#pragma once

#include "lib/rules/needed_rule.h"
#include "tools/web/common/lru.h"
#include "tools/web/model/now.h"

#include <string>

namespace pinpipe::web {

class Event;

struct Denial {
    std::string comm, proto, rule = {};
    std::string remote = {}; // address of the last denial; empty if it had none
    uint64_t pid = 0;
    uint16_t port = 0; // as in NeededRule, like sides and to
    unsigned sides = both_sides;
    std::string to = {};
    bool audit = false; // only reported, not denied
    uint64_t count = 0;
    int64_t last = 0; // milliseconds since 1970

    bool is_served() const { return sides == 1U << SIDE_SERVE; } // the port is the local one
};

class Denials {
public:
    static constexpr size_t most = 512;

    void take(const Event &event, const Now &now);
    const Lru<std::string, Denial> &all() const { return denials_; }

private:
    Lru<std::string, Denial> denials_{most};
};

// The narrowest command that would allow it, quoted for a shell: "ebpf-ctl allow 443 --connect
// --to lan curl". Empty if no rule can allow it, or if the command has characters that a person
// could not see.
std::string allow_command(const Denial &denial);

} // namespace pinpipe::web
