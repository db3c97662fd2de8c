// SPDX-License-Identifier: MIT
// Counting what interfaces send: a tc program (tcx, Linux 6.6) beside each XDP hook. An XDP hook
// goes on without it where the kernel or the device refuses it.
#pragma once

#include "tools/loader/xdp_hooks.h"

namespace pinpipe::loader {

class SentPackets : public Feature {
public:
    // hooks: planned before, loaded and attached before these.
    explicit SentPackets(XdpHooks &hooks) : hooks_(hooks) {}

    Result<void> plan(Run &run) override;
    Result<void> load(Run &run) override;
    Result<void> attach(Run &run) override;

private:
    static Result<void> attach_step(Run &run, XdpStep &step);

    XdpHooks &hooks_;
};

} // namespace pinpipe::loader
