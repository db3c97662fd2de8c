// SPDX-License-Identifier: MIT
// What the policy stopped, or would have stopped, in groups, each with the command that allows it.
#pragma once

#include "tools/web/common/lru.h"
#include "tools/web/model/event.h"
#include "tools/web/model/now.h"

namespace pinpipe::web {

struct Denial {
    std::string comm, proto, rule;
    std::string remote; // the last one, where there was one
    uint64_t pid = 0, port = 0;
    bool local = false; // the port is of this side
    bool audit = false; // it was let through
    uint64_t count = 0;
    int64_t last = 0; // milliseconds since 1970
};

class Denials {
public:
    static constexpr size_t most = 512;

    void take(const Event &event, const Now &now);
    const Lru<std::string, Denial> &all() const { return denials_; }

private:
    Lru<std::string, Denial> denials_{most};
};

// "ebpf-ctl allow 443 curl", quoted for a shell; empty where no rule could allow it, or where a
// person could not see what would be run.
std::string allow_command(const Denial &denial);

} // namespace pinpipe::web
