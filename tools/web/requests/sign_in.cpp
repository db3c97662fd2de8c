// SPDX-License-Identifier: MIT
#include "tools/web/requests/answers.h"
#include "tools/web/requests/exchange.h"

#include <rapidjson/document.h>

namespace pinpipe::web {
namespace {

std::optional<std::string> password_in(const std::string &body) {
    constexpr unsigned flags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    rapidjson::Document document;
    document.Parse<flags>(body.data(), body.size());
    if (document.HasParseError() || !document.IsObject())
        return {};
    if (!document.HasMember("password") || !document["password"].IsString())
        return {};
    const auto &password = document["password"];
    return std::string(password.GetString(), password.GetStringLength());
}

std::string cookie(const Request &request, const std::string &token, const char *more) {
    return cookie_name(request) + "=" + token + "; HttpOnly; SameSite=Strict; Path=/" +
           (request.tls() ? "; Secure" : "") + more;
}

} // namespace

Answer log_in(Exchange &exchange) {
    AccessControl &access = exchange.context.access;
    if (!access.asks())
        return Reply::empty(MHD_HTTP_NO_CONTENT);
    // A form on somebody else's page cannot send this type.
    if (!exchange.header("Content-Type").starts_with("application/json"))
        return Reply::error(MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "the body has to be application/json");
    const auto password = password_in(exchange.body);
    if (!password)
        return Reply::error(MHD_HTTP_BAD_REQUEST, R"(the body has to be {"password":"..."})");
    const auto admission =
        access.try_password(Who::view, *password, exchange.peer(), exchange.check_done());
    if (auto refused = exchange.refusal(admission))
        return std::move(*refused);
    return Reply::empty(MHD_HTTP_NO_CONTENT)
        .with("Set-Cookie", cookie(exchange.context.request, access.open_session(), ""));
}

Answer log_out(Exchange &exchange) {
    if (const std::string token = exchange.session(); !token.empty())
        exchange.context.access.close_session(token);
    return Reply::empty(MHD_HTTP_NO_CONTENT)
        .with("Set-Cookie", cookie(exchange.context.request, "", "; Max-Age=0"));
}

} // namespace pinpipe::web
