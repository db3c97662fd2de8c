// SPDX-License-Identifier: MIT
#include "tools/store/options.h"

#include <gtest/gtest.h>

namespace pinpipe::store {
namespace {

constexpr int64_t now = 1'795'000'000'000'000, hour_length = level_unit[hour];

Result<Request> read(std::vector<std::string> words) {
    words.insert(words.begin(), "ebpf-store");
    std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto parsed = parse_options(static_cast<int>(words.size()), argv.data(), usage);
    if (!parsed)
        return fail(parsed.error());
    return read_request(*parsed, now);
}

TEST(StoreOptions, Commands) {
    EXPECT_EQ(read({"a.db"})->command, Command::ingest);
    EXPECT_EQ(read({"report", "a.db"})->command, Command::report);
    EXPECT_EQ(read({"export", "a.db"})->command, Command::export_all);
    EXPECT_EQ(read({"check", "a.db"})->command, Command::check);
    EXPECT_EQ(read({"prune", "a.db", "--keep", "30d"})->command, Command::prune);
    EXPECT_EQ(read({"./report"})->database, "./report");
    EXPECT_EQ(read({"report", "report"})->database, "report");
    for (const std::vector<std::string> &bad : {std::vector<std::string>{},
                                                {"report"},
                                                {"a.db", "b.db"},
                                                {"prune", "a.db"},
                                                {""},
                                                {"report", "a.db", "c"}}) {
        const auto request = read(bad);
        ASSERT_FALSE(request);
        EXPECT_EQ(request.error().exit, Exit::usage);
        EXPECT_EQ(request.error().hint, "ebpf-store --help");
    }
}

TEST(StoreOptions, Keeping) {
    EXPECT_EQ(read({"a.db"})->keep.raw, 24 * hour_length);
    EXPECT_FALSE(read({"a.db"})->keep.all);
    const auto request = read({"--keep-raw", "2h", "--keep", "7d", "a.db"});
    EXPECT_EQ(request->keep.raw, 2 * hour_length);
    EXPECT_EQ(request->keep.all, 7 * 24 * hour_length);
    EXPECT_FALSE(read({"report", "a.db", "--keep", "7d"}));
    EXPECT_FALSE(read({"a.db", "--keep", "7"}));
}

TEST(StoreOptions, Reports) {
    const auto request = read(
        {"report",    "a.db", "--by",   "remote", "--since",  "24h",        "--until",  "1h",
         "--process", "curl", "--exe",  "/bin/x", "--remote", "10.0.0.0/8", "--port",   "80-90",
         "--proto",   "tcp",  "--host", "vm",     "--user",   "33",         "--cgroup", "42",
         "-n",        "7",    "-i",     "15m",    "--format", "json"});
    ASSERT_TRUE(request) << request.error().text;
    EXPECT_EQ(request->by, By::remote);
    EXPECT_EQ(request->since, now - 24 * hour_length);
    EXPECT_EQ(request->until, now - hour_length);
    const Filter &filter = request->filter;
    EXPECT_EQ(filter.process, "curl");
    EXPECT_EQ(filter.exe, "/bin/x");
    EXPECT_TRUE(filter.remote);
    EXPECT_EQ(filter.ports, std::pair(int64_t{80}, int64_t{90}));
    EXPECT_EQ(filter.proto, "tcp");
    EXPECT_EQ(filter.host, "vm");
    EXPECT_EQ(filter.user, 33);
    EXPECT_EQ(filter.cgroup, "42");
    EXPECT_EQ(request->top, 7u);
    EXPECT_EQ(request->interval, hour_length / 4);
    EXPECT_EQ(request->format, Format::json);
}

TEST(StoreOptions, Defaults) {
    EXPECT_EQ(read({"report", "a.db"})->top, 20u);
    EXPECT_EQ(read({"report", "a.db", "--format", "csv"})->top, 0u);
    EXPECT_EQ(read({"report", "a.db"})->by, By::process);
    EXPECT_EQ(read({"report", "a.db", "-i", "1h"})->by, By::nothing);
    EXPECT_EQ(read({"report", "a.db", "-i", "1h", "--by", "process"})->by, By::process);
    EXPECT_EQ(read({"report", "a.db", "--user", "root"})->filter.user, 0);
}

TEST(StoreOptions, WhatIsWrongIsTold) {
    for (const std::vector<std::string> &bad : {std::vector<std::string>{"--by", "color"},
                                                {"--since", "never"},
                                                {"--port", "90-80"},
                                                {"--port", "x"},
                                                {"--remote", "host"},
                                                {"--user", "no such user"},
                                                {"-n", "0"},
                                                {"-i", "0h"},
                                                {"--format", "xml"},
                                                {"--since", "1h", "--until", "2h"}}) {
        std::vector<std::string> words{"report", "a.db"};
        words.insert(words.end(), bad.begin(), bad.end());
        const auto request = read(words);
        ASSERT_FALSE(request) << bad[0];
        EXPECT_EQ(request.error().exit, Exit::usage) << bad[0];
        EXPECT_FALSE(request.error().hint.empty()) << bad[0];
    }
    EXPECT_FALSE(read({"a.db", "--by", "process"}));
    EXPECT_FALSE(read({"check", "a.db", "-n", "7"}));
}

} // namespace
} // namespace pinpipe::store
