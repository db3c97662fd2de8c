// SPDX-License-Identifier: MIT
// The session iterator: tells a reader the number of its own session.
#pragma once

#include "tools/loader/feature.h"

namespace pinpipe::loader {

class Rules;
class Sockets;

class SessionIterator : public Feature {
public:
    // Loaded where there are sockets or rules, whose streams leave a reader's own session out.
    SessionIterator(Sockets &sockets, Rules &rules) : sockets_(sockets), rules_(rules) {}

    Result<void> attach(Run &run) override;

    // With the last of sockets and rules: also the executables that both know.
    Result<void> unload(Run &run) override;

private:
    Sockets &sockets_;
    Rules &rules_;
};

} // namespace pinpipe::loader
