// SPDX-License-Identifier: MIT
// Tells requests of our own pages, and of programs, from requests that somebody else's page makes a
// browser send.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::web {

// Whether a request may have this Host header: "localhost" or one of names (lower case), or
// our_address, the address that the connection came to. The port may be any. This stops DNS
// rebinding: somebody's name that suddenly has our address would let their page read ours.
bool is_our_host(std::string_view host, const std::vector<std::string> &names,
                 std::string_view our_address);

// The headers Host, Origin and Sec-Fetch-Site of a request; empty if absent.
struct Provenance {
    std::string_view host, origin, fetch_site;
};
bool is_same_site(const Provenance &request);

} // namespace pinpipe::web
