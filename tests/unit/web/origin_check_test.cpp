// SPDX-License-Identifier: MIT
#include "tools/web/access/origin_check.h"

#include "tools/web/http/endpoint.h"

#include <gtest/gtest.h>

namespace pinpipe::web {
namespace {

const std::vector<std::string> names = {"monitor.example"};

TEST(WebGuard, HostsThatAreMeant) {
    for (const char *host : {"localhost", "localhost:8780", "LOCALHOST:1", "127.0.0.1",
                             "127.0.0.1:8780", "Monitor.Example:443"})
        EXPECT_TRUE(is_our_host(host, names, "127.0.0.1")) << host;
    EXPECT_TRUE(is_our_host("[::1]:8780", names, "::1"));
    EXPECT_TRUE(is_our_host("[0:0::1]", names, "::1"));
}

TEST(WebGuard, HostsThatAreNot) {
    for (const char *host :
         {"", "evil.example", "localhost.evil.example", "127.0.0.2", "0.0.0.0", "[::1]",
          "localhost:", "localhost:x", "localhost:1:2", "[::1", "monitor.example.", ".", "127.1",
          "2130706433", "localhost@evil", " localhost"})
        EXPECT_FALSE(is_our_host(host, names, "127.0.0.1")) << host;
}

TEST(WebGuard, WhereARequestComesFrom) {
    const auto same = [](const char *origin, const char *fetch) {
        return is_same_site({.host = "localhost:8780", .origin = origin, .fetch_site = fetch});
    };
    EXPECT_TRUE(same("", ""));
    EXPECT_TRUE(same("http://localhost:8780", "same-origin"));
    EXPECT_TRUE(same("https://LOCALHOST:8780", ""));
    EXPECT_TRUE(same("", "none"));
    EXPECT_FALSE(same("null", ""));
    EXPECT_FALSE(same("http://localhost:3000", ""));
    EXPECT_FALSE(same("http://evil.example", "same-origin"));
    EXPECT_FALSE(same("", "cross-site"));
    EXPECT_FALSE(same("", "same-site"));
}

TEST(WebEndpoint, AddressesAndPorts) {
    for (const char *text : {"127.0.0.1:8780", "[::1]:0", "0.0.0.0:65535", "[2001:db8::1]:80"}) {
        const auto endpoint = parse_endpoint(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(text_of(*endpoint), text);
    }
    for (const char *text : {"", "127.0.0.1", ":80", "localhost:80", "::1:80", "[::1]", "[]:80",
                             "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:80x", "[1.2.3.4]:80"})
        EXPECT_FALSE(parse_endpoint(text)) << text;
}

TEST(WebEndpoint, Loopback) {
    EXPECT_TRUE(is_loopback(*parse_endpoint("127.3.2.1:1")));
    EXPECT_TRUE(is_loopback(*parse_endpoint("[::1]:1")));
    EXPECT_TRUE(is_loopback(*parse_endpoint("[::ffff:127.0.0.1]:1")));
    EXPECT_FALSE(is_loopback(*parse_endpoint("0.0.0.0:1")));
    EXPECT_FALSE(is_loopback(*parse_endpoint("[::]:1")));
    EXPECT_FALSE(is_loopback(*parse_endpoint("192.0.2.1:1")));
}

TEST(WebEndpoint, APortThatIsTaken) {
    const auto first = listen_on(*parse_endpoint("127.0.0.1:0"));
    ASSERT_TRUE(first);
    const auto second = listen_on(local_endpoint(first->get()));
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().text.find("address already in use"), std::string::npos);
    EXPECT_EQ(second.error().exit, Exit::failed);
}

} // namespace
} // namespace pinpipe::web
