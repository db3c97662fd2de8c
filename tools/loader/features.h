// SPDX-License-Identifier: MIT
// All features, in the order in which a load takes them through each step.
#pragma once

#include "tools/loader/pgid_iterator.h"
#include "tools/loader/rules.h"
#include "tools/loader/sent_packets.h"
#include "tools/loader/sockets.h"
#include "tools/loader/watched_ports.h"
#include "tools/loader/xdp_hooks.h"

#include <array>

namespace pinpipe::loader {

class Features {
public:
    const std::array<Feature *, 6> &all() const { return all_; }

    // Takes every feature through a step, up to the first that fails.
    Result<void> each(Result<void> (Feature::*step)(Run &), Run &run) const {
        for (Feature *const feature : all_)
            if (auto done = (feature->*step)(run); !done)
                return done;
        return {};
    }

private:
    XdpHooks hooks_;
    SentPackets sent_{hooks_};
    Rules rules_;
    Sockets sockets_;
    PgidIterator pgid_{sockets_, rules_};
    WatchedPorts watches_{hooks_, sockets_}; // last: a change of watches is not undone
    std::array<Feature *, 6> all_{&hooks_, &sent_, &rules_, &sockets_, &pgid_, &watches_};
};

} // namespace pinpipe::loader
