// SPDX-License-Identifier: MIT
#include "tools/web/http/streams.h"

#include "tests/unit/support/served.h"

namespace pinpipe::web {
namespace {

class WebStreams : public testing::Test {
protected:
    Fd watch(const std::string &headers = "") const {
        return server_.send(
            server_.request("GET", "/rooms/far", "Accept: text/event-stream\r\n" + headers));
    }
    void put(const std::string &lines) const {
        EXPECT_EQ(status_of(server_.ask("PUT", "/rooms/far", "", lines)), 200);
    }
    std::string rooms() const { return server_.ask("GET", "/rooms"); }

    Served server_;
};

// Reads into seen until it contains text. Returns false if the other side ended.
bool read_until(const Fd &fd, std::string &seen, const std::string &text) {
    char part[4096];
    while (seen.find(text) == seen.npos) {
        const ssize_t count = read(fd.get(), part, sizeof part);
        if (count <= 0)
            return false;
        seen.append(part, static_cast<size_t>(count));
    }
    return true;
}

TEST_F(WebStreams, AViewerGetsWhatWasAndWhatComes) {
    put("{\"n\":1}\n");
    const Fd viewer = watch();
    std::string seen;
    ASSERT_TRUE(read_until(viewer, seen, "data: {\"n\":1}\n\n")) << seen;
    EXPECT_NE(seen.find("Content-Type: text/event-stream"), seen.npos) << seen;
    put("{\"n\":2}\n"); // the stream sleeps by now, or is about to
    ASSERT_TRUE(read_until(viewer, seen, "data: {\"n\":2}\n\n")) << seen;
}

TEST_F(WebStreams, EachOfManyGetsEachLine) {
    put("{\"n\":1}\n");
    std::vector<Fd> viewers;
    for (int i = 0; i < 20; i++)
        viewers.push_back(watch());
    put("{\"n\":2}\n");
    for (const Fd &viewer : viewers) {
        std::string seen;
        EXPECT_TRUE(read_until(viewer, seen, "data: {\"n\":1}\n\n")) << seen;
        EXPECT_TRUE(read_until(viewer, seen, "data: {\"n\":2}\n\n")) << seen;
    }
}

TEST_F(WebStreams, ViewersAreCountedUntilTheyGo) {
    put("{\"n\":1}\n");
    {
        const Fd viewer = watch();
        std::string seen;
        ASSERT_TRUE(read_until(viewer, seen, "data: "));
        EXPECT_NE(rooms().find("\"viewers\":1"), std::string::npos) << rooms();
    }
    std::string last;
    do { // the server notices with the next line
        put("{\"n\":2}\n");
        last = rooms();
    } while (last.find("\"viewers\":0") == last.npos && !HasFailure());
}

TEST_F(WebStreams, ARoomThatIsNotThereHasNone) {
    EXPECT_EQ(status_of(read_all(watch())), 404);
    put("{\"n\":1}\n");
    EXPECT_EQ(status_of(server_.ask("GET", "/rooms/far?rate=0", "Accept: text/event-stream\r\n")),
              400);
}

} // namespace
} // namespace pinpipe::web
