// SPDX-License-Identifier: MIT
// IP addresses as text. The binary form is union address of bpf/abi/events.h: 16 bytes in network
// byte order, IPv4 as ::ffff:a.b.c.d.
#pragma once

#include "bpf/abi/events.h"
#include "lib/base/error.h"

#include <string>

namespace pinpipe {

inline constexpr size_t address_text_max = 39;

// Writes IPv4 as a.b.c.d or IPv6 as in RFC 5952: at most address_text_max bytes, no NUL. Returns
// the end. Up to 16 bytes behind the text may be overwritten: provide 64 bytes of room.
char *write_ipv4(char *to, const __u8 bytes[4]);
char *write_ipv6(char *to, const __u8 bytes[16]);

// Whether the address is ::ffff:a.b.c.d.
bool is_ipv4(const union address &a);

// Writes either form: ::ffff:a.b.c.d is written as a.b.c.d.
char *write_address(char *to, const union address &a);
std::string address_text(const union address &a);

struct Prefix {
    union address host;
    union address mask; // leading ones
};

// "8.8.8.8", "10.0.0.0/8", "fe80::/10". Bits behind the prefix must be zero.
Result<Prefix> parse_prefix(const std::string &text);

} // namespace pinpipe
