// SPDX-License-Identifier: MIT
#include "tools/top/options.h"

#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

Result<Request> request(std::vector<std::string> words) {
    std::vector<char *> argv;
    words.insert(words.begin(), "ebpf-top");
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto parsed = parse_options(static_cast<int>(words.size()), argv.data(), usage);
    return parsed ? read_request(*parsed) : fail(parsed.error());
}

TEST(TopOptions, WhatRowsAreForDependsOnWhatComesUnlessChosen) {
    for (const auto &words : std::vector<std::vector<std::string>>{{}, {"-s", "received"}})
        EXPECT_FALSE(request(words)->chosen);
    const auto by = request({"--by", "both", "--sort", "remote"});
    EXPECT_TRUE(by->chosen);
    EXPECT_EQ(by->view.by, By::both);
    EXPECT_EQ(by->view.sort, Column::place);
}

TEST(TopOptions, AColumnOfPortsAloneChoosesThem) {
    const auto ports = request({"-s", "owners"});
    EXPECT_TRUE(ports->chosen);
    EXPECT_EQ(ports->view.by, By::port);
    EXPECT_EQ(ports->view.sort, Column::name);
    EXPECT_FALSE(request({"-s", "owners", "--by", "process"}));
    EXPECT_EQ(request({"-s", "iface", "--by", "port"})->view.sort, Column::place);
}

} // namespace
} // namespace pinpipe::top
