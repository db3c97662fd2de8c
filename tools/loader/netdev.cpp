// SPDX-License-Identifier: MIT
#include "tools/loader/probes.h"

#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <memory>
#include <net/if.h>

namespace pinpipe::loader {
namespace {

// Constants of linux/netdev.h (Linux 6.3), which older header packages lack.
constexpr uint8_t netdev_dev_get = 1;
constexpr uint16_t netdev_ifindex = 1;
constexpr uint16_t netdev_xdp_features = 3;
constexpr uint64_t xdp_basic = 1;
constexpr uint64_t xdp_rx_frags = 32;

using Socket = std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)>;

// Sends a request and passes every message of the answer to callback. Returns false on an error.
bool ask(const Socket &socket, uint16_t family, uint8_t command, uint16_t flags,
         const char *family_name, mnl_cb_t callback, void *data) {
    alignas(nlmsghdr) char buffer[16384];
    nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = family;
    message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    message->nlmsg_seq = 1;
    auto *generic =
        static_cast<genlmsghdr *>(mnl_nlmsg_put_extra_header(message, sizeof(genlmsghdr)));
    generic->cmd = command;
    generic->version = 1;
    if (family_name)
        mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, family_name);
    if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0)
        return false;
    for (int status = MNL_CB_OK; status > MNL_CB_STOP;) {
        const ssize_t bytes = mnl_socket_recvfrom(socket.get(), buffer, sizeof buffer);
        if (bytes < 0)
            return false;
        status = mnl_cb_run(buffer, static_cast<size_t>(bytes), 1,
                            mnl_socket_get_portid(socket.get()), callback, data);
        if (status < 0)
            return false;
    }
    return true;
}

int take_family_attribute(const nlattr *attribute, void *data) {
    if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
        *static_cast<uint16_t *>(data) = mnl_attr_get_u16(attribute);
    return MNL_CB_OK;
}

int take_family(const nlmsghdr *message, void *data) {
    return mnl_attr_parse(message, sizeof(genlmsghdr), take_family_attribute, data);
}

struct Device {
    unsigned index = 0;
    uint64_t xdp = 0;
};

int take_feature(const nlattr *attribute, void *data) {
    auto *device = static_cast<Device *>(data);
    if (mnl_attr_get_type(attribute) == netdev_ifindex)
        device->index = mnl_attr_get_u32(attribute);
    if (mnl_attr_get_type(attribute) == netdev_xdp_features)
        device->xdp = mnl_attr_get_u64(attribute);
    return MNL_CB_OK;
}

int take_device(const nlmsghdr *message, void *data) {
    static_cast<std::vector<Device> *>(data)->emplace_back();
    return mnl_attr_parse(message, sizeof(genlmsghdr), take_feature,
                          &static_cast<std::vector<Device> *>(data)->back());
}

// The XDP features of all devices. Nothing if this kernel has no netdev family.
std::optional<std::vector<Device>> all_features() {
    const Socket socket(mnl_socket_open(NETLINK_GENERIC), mnl_socket_close);
    uint16_t family = 0;
    std::vector<Device> devices;
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
        !ask(socket, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, "netdev", take_family, &family) ||
        !ask(socket, family, netdev_dev_get, NLM_F_DUMP, nullptr, take_device, &devices))
        return {};
    return devices;
}

} // namespace

std::vector<XdpSupport> xdp_support() {
    const auto features = all_features();
    std::vector<XdpSupport> all;
    const std::unique_ptr<struct if_nameindex, decltype(&if_freenameindex)> names(if_nameindex(),
                                                                                  if_freenameindex);
    for (const struct if_nameindex *name = names.get(); name && name->if_index; name++) {
        XdpSupport support{.interface = name->if_name, .native = {}};
        if (features)
            support.native = false;
        for (const Device &device : features.value_or(std::vector<Device>()))
            if (device.index == name->if_index) {
                support.native = (device.xdp & xdp_basic) != 0;
                support.frags = (device.xdp & xdp_rx_frags) != 0;
            }
        all.push_back(std::move(support));
    }
    return all;
}

} // namespace pinpipe::loader
