// SPDX-License-Identifier: MIT
#include "tools/web/requests/routes.h"

#include "tools/web/http/site.h"

#include <gtest/gtest.h>

namespace pinpipe::web {
namespace {

TEST(WebRoutes, PathsAndMethods) {
    std::string allowed;
    for (const char *path : {"/", "/style.css", "/rooms", "/rooms/x", "/api/v1/overview",
                             "/api/v1/processes/7-5", "/metrics", "/healthz"}) {
        EXPECT_NE(find_route(path, "GET", allowed), nullptr) << path;
        EXPECT_NE(find_route(path, "HEAD", allowed), nullptr) << path;
        EXPECT_EQ(find_route(path, "DELETE", allowed), nullptr) << path;
    }
    EXPECT_EQ(find_route("/rooms/x", "PUT", allowed)->access, Access::room);
    EXPECT_EQ(find_route("/rooms/x", "GET", allowed)->access, Access::view);
    EXPECT_EQ(find_route("/rooms/../x", "POST", allowed)->access, Access::room); // not a name
}

TEST(WebRoutes, WhatIsAllowedElse) {
    const auto allowed = [](const char *path, const char *method) {
        std::string text;
        EXPECT_EQ(find_route(path, method, text), nullptr);
        return text;
    };
    EXPECT_EQ(allowed("/rooms/x", "DELETE"), "GET, HEAD, PUT, POST");
    EXPECT_EQ(allowed("/rooms", "POST"), "GET, HEAD");
    EXPECT_EQ(allowed("/login", "GET"), "POST");
    EXPECT_EQ(allowed("/", "PUT"), "GET, HEAD");
}

// Only what is for everybody may be open; all other routes must be listed here.
TEST(WebRoutes, AllButTheSiteAskForAPassword) {
    std::string allowed;
    for (const char *path :
         {"/rooms", "/rooms/x", "/api/v1/overview", "/api/v1/processes", "/api/v1/processes/7-5",
          "/api/v1/policy", "/api/v1/ports", "/api/v1/history", "/metrics"})
        EXPECT_EQ(find_route(path, "GET", allowed)->access, Access::view) << path;
}

TEST(WebSite, EveryFileIsThereInBothForms) {
    EXPECT_NE(find_site_file("/"), nullptr);
    EXPECT_EQ(find_site_file("/"), find_site_file("/index.html"));
    EXPECT_EQ(find_site_file("/nothing"), nullptr);
    EXPECT_EQ(find_site_file("/../site.h"), nullptr);
    for (const SiteFile &file : site_files) {
        EXPECT_GT(file.end - file.begin, 0) << file.path;
        EXPECT_EQ(file.gzip_begin[0], 0x1f) << file.path;
        EXPECT_EQ(file.gzip_begin[1], 0x8b) << file.path;
    }
}

} // namespace
} // namespace pinpipe::web
