// SPDX-License-Identifier: MIT
// Names of ICMP message types, as nftables and IANA have them.
#pragma once

#include <string_view>

namespace pinpipe {

// "echo-request"; empty where the type has no name. ip_version: 4 or 6.
std::string_view icmp_name(unsigned ip_version, unsigned char type);

// Whether the header's last four bytes are an identifier and a sequence number.
bool icmp_has_echo_fields(unsigned ip_version, unsigned char type);

} // namespace pinpipe
