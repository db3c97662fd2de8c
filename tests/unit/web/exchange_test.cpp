// SPDX-License-Identifier: MIT
#include "tools/web/requests/exchange.h"

#include "tests/unit/support/served.h"

namespace pinpipe::web {
namespace {

class WebExchange : public testing::Test {
protected:
    std::string ask(const std::string &method, const std::string &path,
                    const std::string &headers = "", const std::string &body = "") const {
        return server_.ask(method, path, headers, body);
    }
    int status(const std::string &method, const std::string &path, const std::string &headers = "",
               const std::string &body = "") const {
        return status_of(ask(method, path, headers, body));
    }

    Served server_;
};

TEST_F(WebExchange, TheHostIsThisOne) {
    const auto with_host = [&](const std::string &line) {
        return status_of(
            read_all(server_.send("GET /rooms HTTP/1.1\r\nConnection: close\r\n" + line + "\r\n")));
    };
    EXPECT_EQ(with_host("Host: " + server_.host() + "\r\n"), 200);
    EXPECT_EQ(with_host("Host: localhost\r\n"), 200);
    EXPECT_EQ(with_host("Host: other.example\r\n"), 421);
    EXPECT_EQ(with_host(""), 400);
    EXPECT_EQ(with_host("Host:\r\n"), 400);
}

TEST_F(WebExchange, PagesOfOtherSitesMayShowTheSiteAlone) {
    for (const char *header :
         {"Sec-Fetch-Site: cross-site\r\n", "Origin: http://evil.example\r\n"}) {
        EXPECT_EQ(status("GET", "/rooms", header), 403) << header;
        EXPECT_EQ(status("PUT", "/rooms/x", header, "{}\n"), 403) << header;
        EXPECT_EQ(status("POST", "/login", header, "{}"), 403) << header;
        EXPECT_EQ(status("GET", "/healthz", header), 200) << header;
    }
    EXPECT_EQ(status("GET", "/rooms", "Origin: http://" + server_.host() + "\r\n"), 200);
}

TEST_F(WebExchange, AnotherMethodIsToldWhichThereAre) {
    const std::string answer = ask("DELETE", "/rooms/x");
    EXPECT_EQ(status_of(answer), 405);
    EXPECT_NE(answer.find("\r\nAllow: GET, HEAD, PUT, POST\r\n"), answer.npos) << answer;
    EXPECT_EQ(status("GET", "/no-such-page"), 404);
}

TEST_F(WebExchange, HeadIsGetWithoutTheBody) {
    const std::string got = ask("GET", "/healthz"), head = ask("HEAD", "/healthz");
    EXPECT_EQ(status_of(head), 200);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    EXPECT_TRUE(got.ends_with("}\n"));
}

TEST_F(WebExchange, OnlyRoomsTakeLongBodies) {
    EXPECT_EQ(status("POST", "/logout", "", std::string(4097, 'x')), 413);
    EXPECT_NE(status("POST", "/logout", "", std::string(4096, 'x')), 413);
    std::string lines;
    while (lines.size() < 100'000)
        lines += "{\"n\":1}\n";
    EXPECT_EQ(status("PUT", "/rooms/far", "", lines), 200);
}

TEST_F(WebExchange, RoomsAreNamedAndCountWhatTheyTake) {
    EXPECT_EQ(status("PUT", "/rooms/a%20b", "", "{}\n"), 400);
    EXPECT_EQ(status("PUT", "/rooms/" + std::string(65, 'x'), "", "{}\n"), 400);
    EXPECT_EQ(status("PUT", "/rooms/usage", "", "{}\n"), 409); // a room of standard input
    const std::string answer = ask("PUT", "/rooms/far", "", "{\"n\":1}\nnonsense\n{\"n\":2}\n");
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_NE(answer.find("\"accepted\":2"), answer.npos) << answer;
    EXPECT_NE(answer.find("\"bad\":1"), answer.npos) << answer;
}

} // namespace
} // namespace pinpipe::web
