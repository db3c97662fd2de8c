// SPDX-License-Identifier: MIT
#include "tools/loader/interface.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace pinpipe::loader {
namespace {

constexpr const char *own_netns = "/proc/self/ns/net";
const std::string netns_folder = "/run/netns/";

std::string netns_path(const std::string &name) {
    if (name.empty())
        return own_netns;
    if (name.find('/') != std::string::npos)
        return name;
    if (name.find_first_not_of("0123456789") == std::string::npos)
        return "/proc/" + name + "/ns/net";
    return netns_folder + name;
}

Result<Fd> open_netns(const std::string &path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid())
        return fail(system_error("open network namespace " + path, errno));
    return fd;
}

ifreq request_for(const std::string &name) {
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    return request;
}

// Whether frames begin with the IP header (true) or with an Ethernet header (false). Nothing for
// other link types.
std::optional<bool> is_raw_ip(int link_type) {
    switch (link_type) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK: return false;
    case ARPHRD_NONE: // tun, wireguard
    case ARPHRD_PPP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_RAWIP: return true;
    default: return {};
    }
}

bool takes_vlan_tags(int socket, const std::string &name) {
    ethtool_value flags{};
    flags.cmd = ETHTOOL_GFLAGS;
    ifreq request = request_for(name);
    request.ifr_data = reinterpret_cast<char *>(&flags);
    return ioctl(socket, SIOCETHTOOL, &request) == 0 && flags.data & ETH_FLAG_RXVLAN;
}

Result<Interface> look_up(const Netns &netns, const std::string &name) {
    Interface interface;
    interface.name = name;
    interface.index = if_nametoindex(name.c_str());
    if (!interface.index)
        return fail(failure("no interface " + name).with_hint(netns.listing()));
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request = request_for(name);
    if (!socket.valid() || ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0)
        return fail(system_error("inspect " + name, errno));
    const auto raw = is_raw_ip(request.ifr_hwaddr.sa_family);
    if (!raw)
        return fail(failure(name + " has link type " +
                            std::to_string(request.ifr_hwaddr.sa_family) +
                            ": neither Ethernet nor bare IP"));
    interface.raw_ip = *raw;
    interface.vlan_offload = takes_vlan_tags(socket.get(), name);
    return interface;
}

} // namespace

Result<void> Netns::enter(const Fd &netns) {
    if (setns(netns.get(), CLONE_NEWNET) != 0)
        return fail(system_error("enter the network namespace", errno));
    return {};
}

std::string Netns::listing() const {
    if (name_.empty())
        return "ip -brief link";
    const std::string path = netns_path(name_);
    if (path == netns_folder + name_)
        return "ip -n " + name_ + " -brief link";
    return "sudo nsenter --net=" + path + " ip -brief link";
}

Result<Netns> Netns::open(const std::string &name) {
    Netns netns;
    auto own = open_netns(own_netns);
    if (!own)
        return fail(own.error());
    netns.own_ = std::move(*own);
    netns.name_ = name;
    struct stat st {};
    if (!name.empty()) {
        auto target = open_netns(netns_path(name));
        if (!target)
            return fail(std::move(target.error()).with_hint("ip netns list"));
        netns.target_ = std::move(*target);
    }
    if (fstat(name.empty() ? netns.own_.get() : netns.target_.get(), &st) != 0)
        return fail(system_error("inspect the network namespace", errno));
    netns.inode_ = st.st_ino;
    return netns;
}

Result<Interface> find_interface(const Netns &netns, const std::string &name) {
    auto found = netns.inside([&] { return look_up(netns, name); });
    if (found)
        found->netns = netns.inode();
    return found;
}

} // namespace pinpipe::loader
