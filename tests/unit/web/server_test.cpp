// SPDX-License-Identifier: MIT
#include "tools/web/requests/server.h"

#include "tests/unit/support/served.h"

namespace pinpipe::web {
namespace {

TEST(WebServer, SaysWhereItServesAndAnswersThere) {
    const Served server;
    ASSERT_NE(server.port, 0);
    const std::string answer = server.ask("GET", "/healthz");
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"status\":\"ok\"}\n")) << answer;
}

TEST(WebServer, AZeroInAPathHidesNothing) {
    const Served server;
    for (const char *path : {"/healthz%00/rooms", "/%00"}) {
        const int status = status_of(server.ask("GET", path));
        EXPECT_TRUE(status == 404 || status == 400) << status; // libmicrohttpd 1.0 says 400 itself
    }
}

TEST(WebServer, WhatIsNoRequestIsRefusedAndOthersGoOn) {
    const Served server;
    // Whether an answer comes before the end depends on the version of libmicrohttpd.
    EXPECT_EQ(read_all(server.send("nonsense\r\n\r\n")).find(" 200 "), std::string::npos);
    EXPECT_EQ(status_of(server.ask("GET", "/healthz")), 200);
}

TEST(WebServer, EndsAtAStopSignalWhileSomebodyWatches) {
    Served server;
    EXPECT_EQ(status_of(server.ask("PUT", "/rooms/far", "", "{\"n\":1}\n")), 200);
    const Fd viewer =
        server.send(server.request("GET", "/rooms/far", "Accept: text/event-stream\r\n"));
    char first;
    EXPECT_EQ(read(viewer.get(), &first, 1), 1); // the viewer is being served
    EXPECT_EQ(server.end(), 0);
    read_all(viewer); // to the end: no viewer is left waiting
}

} // namespace
} // namespace pinpipe::web
