// SPDX-License-Identifier: MIT
// Counting the packets that interfaces send, by a tc program (tcx, Linux 6.6) beside each XDP hook.
// If the kernel or the device refuses the program, the XDP hook goes on without it.
#pragma once

#include "tools/loader/xdp_hooks.h"

namespace pinpipe::loader {

class SentPackets : public Feature {
public:
    // hooks: takes each step before this feature does.
    explicit SentPackets(XdpHooks &hooks) : hooks_(hooks) {}

    Result<void> plan(Run &run) override;
    Result<void> load(Run &run) override;
    Result<void> attach(Run &run) override;

private:
    static Result<void> attach_step(Run &run, XdpStep &step);

    XdpHooks &hooks_;
};

} // namespace pinpipe::loader
