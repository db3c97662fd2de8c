// SPDX-License-Identifier: MIT
#include "tools/web/options.h"

#include <algorithm>

namespace pinpipe::web {
namespace {

enum : int {
    opt_listen = own_options,
    opt_db,
    opt_password_file,
    opt_tls_cert,
    opt_tls_key,
    opt_insecure_http,
    opt_allow_host,
    opt_make_password
};

constexpr Option options[] = {
    {opt_listen, "listen", 'l', "ADDR:PORT", "where to listen (default: 127.0.0.1:8780)"},
    {opt_db, "db", 'd', "DB", "show history from this database of ebpf-store"},
    {opt_password_file, "password-file", 'p', "FILE", "ask for the passwords in FILE"},
    {opt_tls_cert, "tls-cert", 0, "FILE", "speak HTTPS with this certificate (PEM)"},
    {opt_tls_key, "tls-key", 0, "FILE", "and this key (PEM)"},
    {opt_insecure_http, "insecure-http", 0, nullptr, "let other machines connect without HTTPS"},
    {opt_allow_host, "allow-host", 0, "NAME", "answer to this name too; may be given again"},
    {opt_make_password, "make-password", 0, "WHO",
     "read a password, print its line for FILE; WHO: view or room"},
};

Error misused(std::string text) {
    return usage_error(std::move(text)).with_hint("ebpf-web --help");
}

Result<void> take_host(Request &request, std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (name.empty() ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") != name.npos)
        return fail(misused("--allow-host takes a name without a port, not '" + name + "'"));
    request.hosts.push_back(std::move(name));
    return {};
}

Result<void> take(Request &request, const Parsed::Given &given) {
    const std::string &value = given.value;
    if (value.empty() && given.id != opt_insecure_http)
        return fail(misused("an argument is empty"));
    switch (given.id) {
    case opt_listen: {
        auto endpoint = parse_endpoint(value);
        if (!endpoint)
            return fail(std::move(endpoint.error()).with_hint("ebpf-web --help"));
        request.listen = *endpoint;
        return {};
    }
    case opt_db: request.database = value; return {};
    case opt_password_file: request.password_file = value; return {};
    case opt_tls_cert: request.certificate = value; return {};
    case opt_tls_key: request.key = value; return {};
    case opt_insecure_http: request.insecure_http = true; return {};
    case opt_allow_host: return take_host(request, value);
    case opt_make_password:
        if (value != "view" && value != "room")
            return fail(misused("--make-password takes view or room, not '" + value + "'"));
        request.make_password = value;
        return {};
    }
    return {};
}

// An address that other machines can reach needs passwords, and HTTPS to protect them.
Result<void> check_safety(const Request &request) {
    if (is_loopback(request.listen))
        return {};
    const std::string where = text_of(request.listen);
    if (request.password_file.empty())
        return fail(usage_error("others could see everything at " + where +
                                ": --password-file is needed there")
                        .with_hint("(umask 077; ebpf-web --make-password view > passwords)"));
    if (!request.tls() && !request.insecure_http)
        return fail(usage_error("passwords would be readable on their way to " + where +
                                ": --tls-cert and --tls-key are needed there")
                        .with_hint("or, behind a proxy that does HTTPS: --insecure-http"));
    return {};
}

} // namespace

const Usage usage = {
    .tool = "ebpf-web",
    .synopsis = "ebpf-read all | ebpf-web [options]",
    .summary = "Show the events on standard input, and those that other machines send, in a\n"
               "browser: live, summed up, and with a database their history.",
    .options = options,
    .closing = "See ebpf-web(1).",
};

Result<Request> read_request(const Parsed &parsed) {
    Request request;
    request.listen = *parse_endpoint("127.0.0.1:8780");
    request.verbose = parsed.verbose;
    request.pin_root = parsed.pin_root;
    if (!parsed.operands.empty())
        return fail(misused("unexpected argument '" + parsed.operands[0] + "'"));
    for (const Parsed::Given &given : parsed.options)
        if (auto taken = take(request, given); !taken)
            return fail(taken.error());
    if (request.certificate.empty() != request.key.empty())
        return fail(misused("--tls-cert and --tls-key go together"));
    if (auto safe = check_safety(request); !safe && request.make_password.empty())
        return fail(safe.error());
    return request;
}

} // namespace pinpipe::web
