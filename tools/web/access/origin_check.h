// SPDX-License-Identifier: MIT
// Which requests come from where they may come from: what a page of somebody else's can make a
// browser send is told from what our own page sends, and from programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinpipe::web {

// Whether a request may have this Host header: names are "localhost" and those given, in lower
// case; an address is the one that the connection came to. Any port: who owns the name matters.
// Else a name of somebody's, suddenly with our address, would let their page read ours.
bool is_our_host(std::string_view host, const std::vector<std::string> &names,
                 std::string_view our_address);

// What a browser says of where a request comes from; empty: it says nothing.
struct Provenance {
    std::string_view host, origin, fetch_site;
};
bool is_same_site(const Provenance &request);

} // namespace pinpipe::web
