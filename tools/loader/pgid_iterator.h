// SPDX-License-Identifier: MIT
// The process group iterator, from which a reader gets the number of its own process group.
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

    // Once neither sockets nor rules are loaded: also removes the map of executables that both use.
    Result<void> unload(Run &run) override;

private:
    Sockets &sockets_;
    Rules &rules_;
};

} // namespace pinpipe::loader
