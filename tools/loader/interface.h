// SPDX-License-Identifier: MIT
// Network interfaces and the namespaces they are in.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cstdint>
#include <optional>
#include <string>

namespace pinpipe::loader {

// A network namespace to work in, or our own.
class Netns {
public:
    // name: of /run/netns, a pid, or a path. Empty: our own.
    static Result<Netns> open(const std::string &name);

    uint64_t inode() const { return inode_; }

    // The command that lists the interfaces in it.
    std::string listing() const;

    // Runs work with this thread inside the namespace; only the network one, so pins stay where
    // they are.
    template <class Work> auto inside(Work work) const -> decltype(work()) {
        if (!target_.valid())
            return work();
        if (auto entered = enter(target_); !entered)
            return fail(entered.error());
        auto result = work();
        if (auto back = enter(own_); !back)
            return fail(back.error());
        return result;
    }

private:
    static Result<void> enter(const Fd &netns);

    std::string name_; // as it was given
    Fd own_, target_;
    uint64_t inode_ = 0;
};

struct Interface {
    std::string name;
    uint32_t index = 0;
    uint64_t netns = 0;
    bool raw_ip = false;       // no link header: tun, wireguard, ppp
    bool vlan_offload = false; // the hardware may take VLAN tags away
};

// Looks the interface up in the namespace. Refuses link types whose frames are neither Ethernet nor
// bare IP.
Result<Interface> find_interface(const Netns &netns, const std::string &name);

} // namespace pinpipe::loader
