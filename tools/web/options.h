// SPDX-License-Identifier: MIT
// The command line of ebpf-web.
#pragma once

#include "lib/base/options.h"
#include "tools/web/http/endpoint.h"

#include <vector>

namespace pinpipe::web {

struct Request {
    Endpoint listen;
    std::string password_file; // empty: none
    std::string database;      // empty: none
    std::string certificate, key;
    bool insecure_http = false;
    std::vector<std::string> hosts; // --allow-host: names of this server, in lower case
    std::string make_password;      // "view" or "room": only print a line for a password file
    std::string pin_root;
    bool verbose = false;

    bool tls() const { return !certificate.empty(); }
};

extern const Usage usage;

Result<Request> read_request(const Parsed &parsed);

} // namespace pinpipe::web
