// SPDX-License-Identifier: MIT
#include "lib/rules/port_rule.h"

#include <gtest/gtest.h>

namespace pinpipe {
namespace {

std::string parsed(const std::string &text) {
    const auto rule = parse_port_rule(text);
    if (rule)
        return rule_text(*rule);
    EXPECT_EQ(rule.error().exit, Exit::usage) << text;
    return "error: " + rule.error().text;
}

TEST(PortRule, AreParsed) {
    EXPECT_EQ(parsed("8080"), "8080/tcp");
    EXPECT_EQ(parsed("1"), "1/tcp");
    EXPECT_EQ(parsed("65535/udp"), "65535/udp");
    EXPECT_EQ(parsed("8080-8090/tcp"), "8080-8090/tcp");
    EXPECT_EQ(parsed("1-65535/both"), "1-65535/both");
    EXPECT_EQ(parsed("53-53/udp"), "53/udp");
    EXPECT_EQ(parsed("0080"), "80/tcp");
}

TEST(PortRule, WhatIsWrongIsSaid) {
    for (const char *text : {"0", "65536", "0-5", "1-65536", "99999999999999999999", "1-"})
        EXPECT_NE(parsed(text).find("whole number from 1 to 65535"), std::string::npos) << text;
    EXPECT_EQ(parsed("90-80"), "error: '90-80': the range ends before it begins");
    EXPECT_EQ(parsed("80/sctp"), "error: no protocol 'sctp': there are tcp, udp and both");
    EXPECT_EQ(parsed("80/"), "error: no protocol '': there are tcp, udp and both");
    for (const char *text : {"", "x", "80x", "+80", " 80", "80,81", "/tcp", "http", "80:90"})
        EXPECT_EQ(parsed(text),
                  "error: '" + std::string(text) + "' is no port: PORT[-PORT][/tcp|/udp|/both]");
    for (const char *text : {"-", "1-2-3", "--1", "-80"})
        EXPECT_EQ(parsed(text).rfind("error: ", 0), 0u) << text;
}

} // namespace
} // namespace pinpipe
