// SPDX-License-Identifier: MIT
// The process group iterator: yields the number of the reading process's own process group.
#pragma once

#include "tools/loader/feature.h"

namespace pinpipe::loader {

class Rules;
class Sockets;

class PgidIterator : public Feature {
public:
    // Loaded where there are sockets or rules, whose streams leave a reader's own pipeline out.
    PgidIterator(Sockets &sockets, Rules &rules) : sockets_(sockets), rules_(rules) {}

    Result<void> attach(Run &run) override;

    // With the last of sockets and rules: also the executables that both know.
    Result<void> unload(Run &run) override;

private:
    Sockets &sockets_;
    Rules &rules_;
};

} // namespace pinpipe::loader
