// SPDX-License-Identifier: MIT
#include "tools/web/options.h"

#include "tests/unit/support/arguments.h"

#include <gtest/gtest.h>

namespace pinpipe::web {
namespace {

Result<Request> read(const std::vector<std::string> &words) {
    const auto parsed = parse_words(words, usage);
    return parsed ? read_request(*parsed) : fail(parsed.error());
}

TEST(WebOptions, Defaults) {
    const auto request = read({});
    ASSERT_TRUE(request);
    EXPECT_EQ(text_of(request->listen), "127.0.0.1:8780");
    EXPECT_FALSE(request->tls());
}

TEST(WebOptions, WhatOthersCanReachIsProtected) {
    EXPECT_TRUE(read({"-l", "[::1]:80"}));
    for (const std::vector<std::string> &words : std::vector<std::vector<std::string>>{
             {"-l", "0.0.0.0:80"},
             {"-l", "0.0.0.0:80", "--password-file", "p"},
             {"-l", "[::]:80", "--insecure-http"},
             {"-l", "192.0.2.1:80", "--tls-cert", "c", "--tls-key", "k"}}) {
        const auto request = read(words);
        ASSERT_FALSE(request);
        EXPECT_EQ(request.error().exit, Exit::usage);
        EXPECT_FALSE(request.error().hint.empty());
    }
    EXPECT_TRUE(read({"-l", "0.0.0.0:80", "-p", "p", "--insecure-http"}));
    EXPECT_TRUE(read({"-l", "0.0.0.0:80", "-p", "p", "--tls-cert", "c", "--tls-key", "k"}));
}

TEST(WebOptions, WrongOnes) {
    for (const std::vector<std::string> &words :
         std::vector<std::vector<std::string>>{{"file"},
                                               {"--tls-cert", "c"},
                                               {"--tls-key", "k"},
                                               {"--allow-host", "a:80"},
                                               {"--allow-host", ""},
                                               {"--db", ""},
                                               {"--listen", "8780"},
                                               {"--make-password", "admin"}})
        EXPECT_FALSE(read(words)) << words[0];
    EXPECT_EQ(read({"--allow-host", "A.Example", "--allow-host", "b"})->hosts,
              (std::vector<std::string>{"a.example", "b"}));
}

} // namespace
} // namespace pinpipe::web
