// SPDX-License-Identifier: MIT
#include "tools/web/access/origin_check.h"

#include <algorithm>
#include <arpa/inet.h>

namespace pinpipe::web {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

// The name in a Host header without its port: "::1" of "[::1]:8780". Empty if malformed.
std::string name_in(std::string_view host) {
    const bool bracket = host.starts_with('[');
    const size_t end = bracket ? host.find(']') : host.rfind(':');
    if (bracket && end == host.npos)
        return "";
    const std::string_view port = end == host.npos ? "" : host.substr(end + (bracket ? 1 : 0));
    const bool fine = port.empty() || (port[0] == ':' && port.size() > 1 &&
                                       port.find_first_not_of("0123456789", 1) == port.npos);
    return fine ? lower(bracket ? host.substr(1, end - 1) : host.substr(0, end)) : "";
}

// The address in its canonical form; empty if name is no address.
std::string address_in(const std::string &name) {
    for (const int family : {AF_INET, AF_INET6}) {
        unsigned char bytes[16];
        char text[INET6_ADDRSTRLEN];
        if (inet_pton(family, name.c_str(), bytes) == 1 &&
            inet_ntop(family, bytes, text, sizeof text))
            return text;
    }
    return "";
}

} // namespace

bool is_our_host(std::string_view host, const std::vector<std::string> &names,
                 std::string_view our_address) {
    const std::string name = name_in(host);
    if (name.empty())
        return false;
    if (const std::string address = address_in(name); !address.empty())
        return address == our_address;
    return name == "localhost" || std::find(names.begin(), names.end(), name) != names.end();
}

bool is_same_site(const Provenance &request) {
    if (!request.fetch_site.empty() && request.fetch_site != "same-origin" &&
        request.fetch_site != "none")
        return false;
    if (request.origin.empty())
        return true;
    const size_t scheme = request.origin.find("://");
    return scheme != request.origin.npos &&
           lower(request.origin.substr(scheme + 3)) == lower(request.host);
}

} // namespace pinpipe::web
