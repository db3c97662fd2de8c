// SPDX-License-Identifier: MIT
#include "tools/reader/lines/icmp_names.h"

namespace pinpipe {
namespace {

std::string_view icmpv4_name(unsigned char type) {
    switch (type) {
    case 0: return "echo-reply";
    case 3: return "destination-unreachable";
    case 4: return "source-quench";
    case 5: return "redirect";
    case 8: return "echo-request";
    case 9: return "router-advertisement";
    case 10: return "router-solicitation";
    case 11: return "time-exceeded";
    case 12: return "parameter-problem";
    case 13: return "timestamp-request";
    case 14: return "timestamp-reply";
    case 15: return "info-request";
    case 16: return "info-reply";
    case 17: return "address-mask-request";
    case 18: return "address-mask-reply";
    case 30: return "traceroute";
    case 40: return "photuris";
    case 42: return "extended-echo-request";
    case 43: return "extended-echo-reply";
    default: return {};
    }
}

std::string_view icmpv6_name(unsigned char type) {
    switch (type) {
    case 1: return "destination-unreachable";
    case 2: return "packet-too-big";
    case 3: return "time-exceeded";
    case 4: return "parameter-problem";
    case 128: return "echo-request";
    case 129: return "echo-reply";
    case 130: return "mld-listener-query";
    case 131: return "mld-listener-report";
    case 132: return "mld-listener-done";
    case 133: return "nd-router-solicit";
    case 134: return "nd-router-advert";
    case 135: return "nd-neighbor-solicit";
    case 136: return "nd-neighbor-advert";
    case 137: return "nd-redirect";
    case 138: return "router-renumbering";
    case 139: return "node-information-query";
    case 140: return "node-information-response";
    case 141: return "ind-neighbor-solicit";
    case 142: return "ind-neighbor-advert";
    case 143: return "mld2-listener-report";
    case 144: return "home-agent-discovery-request";
    case 145: return "home-agent-discovery-reply";
    case 146: return "mobile-prefix-solicitation";
    case 147: return "mobile-prefix-advertisement";
    case 148: return "certification-path-solicitation";
    case 149: return "certification-path-advertisement";
    case 151: return "multicast-router-advertisement";
    case 152: return "multicast-router-solicitation";
    case 153: return "multicast-router-termination";
    case 155: return "rpl-control";
    case 157: return "duplicate-address-request";
    case 158: return "duplicate-address-confirmation";
    case 160: return "extended-echo-request";
    case 161: return "extended-echo-reply";
    default: return {};
    }
}

} // namespace

std::string_view icmp_name(unsigned ip_version, unsigned char type) {
    return ip_version == 4 ? icmpv4_name(type) : icmpv6_name(type);
}

bool icmp_has_echo_fields(unsigned ip_version, unsigned char type) {
    if (ip_version == 6)
        return type == 128 || type == 129;
    return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

} // namespace pinpipe
