// SPDX-License-Identifier: MIT
// Makes records as a kernel program writes them.
#pragma once

#include "bpf/abi/events.h"

#include <arpa/inet.h>
#include <stdexcept>
#include <string>

namespace pinpipe {

inline union address to_address(const std::string &text) {
    union address a {};
    if (inet_pton(AF_INET, text.c_str(), a.bytes + 12) == 1)
        a.words[2] = htonl(0xffff);
    else if (inet_pton(AF_INET6, text.c_str(), a.bytes) != 1)
        throw std::invalid_argument(text);
    return a;
}

// The IP version is that of the text src.
inline icmp_record icmp_message(const std::string &src, const std::string &dst, unsigned type,
                                unsigned code = 0) {
    icmp_record r{};
    r.stream = STREAM_ICMP;
    r.src = to_address(src);
    r.dst = to_address(dst);
    r.flags = src.find(':') == src.npos ? 0 : PACKET_IPV6;
    r.type = static_cast<__u8>(type);
    r.code = static_cast<__u8>(code);
    r.ttl = 64;
    r.length = 84;
    return r;
}

inline void set_vlans(icmp_record &record, unsigned tags) {
    record.flags = static_cast<__u8>((record.flags & ~PACKET_VLANS) | tags);
}

inline bool is_ipv6(const icmp_record &record) {
    return record.flags & PACKET_IPV6;
}

} // namespace pinpipe
