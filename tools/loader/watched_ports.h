// SPDX-License-Identifier: MIT
// The ports that a load asks to watch (--watch): added once the layout is in its place.
#pragma once

#include "tools/loader/feature.h"
#include "tools/loader/watches.h"

namespace pinpipe::loader {

class Sockets;
class XdpHooks;

class WatchedPorts : public Feature {
public:
    WatchedPorts(const XdpHooks &hooks, const Sockets &sockets)
        : hooks_(hooks), sockets_(sockets) {}

    Result<void> plan(Run &run) override;
    Result<void> attach(Run &run) override; // only checks that the kernel granted what it needs
    Result<void> publish(Run &run) override;
    void tell(const Run &run) const override;

private:
    const XdpHooks &hooks_;
    const Sockets &sockets_;
    std::vector<Watch> watches_;
    std::vector<std::string> told_; // what to report of each watch
};

} // namespace pinpipe::loader
