// SPDX-License-Identifier: MIT
// Network interfaces and the namespaces they are in.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <cstdint>
#include <optional>
#include <string>

namespace pinpipe::loader {

// The network namespace of the interfaces that the command names.
class Netns {
public:
    // name: a name in /run/netns, a pid, or a path. Empty: this process's own namespace.
    static Result<Netns> open(const std::string &name);

    uint64_t inode() const { return inode_; }

    // The command that lists the interfaces in this namespace, for a hint.
    std::string listing() const;

    // Runs work with this thread inside the namespace. The mount namespace stays the same, so pins
    // stay where they are.
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

    std::string name_; // as given to open()
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

// Looks the interface up in the namespace. An error if its frames are neither Ethernet nor bare IP.
Result<Interface> find_interface(const Netns &netns, const std::string &name);

} // namespace pinpipe::loader
